import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { DIRECTOR_TARGET, listDirectorKeys } from '@watchpost/shared/trust/director-target.ts';
import {
  type Envelope,
  type FileMeta,
  isDelegatedRole,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type TargetSigned,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import type { Updater } from 'tuf-js';
import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import { inStore } from '../kernel/store-error.ts';
import type { BundleTrust, MetadataSource, TrustMark, TrustMarks } from './port.ts';
import {
  explainRefusal,
  judgeTarget,
  judgeTrustedSet,
  listMarks,
  type Refusal,
  type Sighting,
  type TrustedSet,
} from './trust-verdict.ts';
import type { TufFetcher } from './tuf-fetcher.ts';

export interface TufTrustDeps {
  /** Metadata are kept below it. */
  readonly dataDir: string;
  /** The root that came with the agent or its configuration. */
  readonly bootstrapRoot: Uint8Array;
  readonly source: MetadataSource;
  readonly marks: TrustMarks;
  readonly clock: Pick<Clock, 'wallMs'>;
}

const LIMITS = {
  maxRootRotations: 64,
  maxDelegations: 4,
  rootMaxLength: 256 * 1024,
  timestampMaxLength: 16 * 1024,
  snapshotMaxLength: 256 * 1024,
  targetsMaxLength: 8 * 1024 * 1024,
};
/** Files tuf-js reads and writes beside the root; any mixture of their generations is checked like new ones. */
const KEPT = ['timestamp.json', 'snapshot.json', 'targets.json', 'models.json', 'agent.json'];
const BOOTSTRAP_MARK = 'bootstrap';

export interface TufTrust extends BundleTrust {
  /** Brings what this box knows up to date. @throws AppError as `verify`, but for what concerns a target */
  refresh(signal: AbortSignal): Promise<void>;
  /**
   * Whose orders count, SPKI in PEM, by the last metadata that were found good, whether they still hold or not.
   * @returns undefined when none of them had a list
   * @throws AppError STORE_FAILED | DISK_FULL
   */
  listDirectorKeys(): readonly string[] | undefined;
}

/**
 * Trusts what the TUF repository of the fleet names now. Every check begins anew from the files of the last good one,
 * in a scratch copy, because tuf-js writes in place; they are put back one by one, each whole, when the set was
 * found good. A root that is torn, wiped or not the one marked is replaced by the bootstrap root.
 */
export function createTufTrust(deps: TufTrustDeps): TufTrust {
  const folder = join(deps.dataDir, 'tuf');
  const scratch = join(deps.dataDir, 'tuf-check');
  const checkOnce = async (target: string | undefined, signal: AbortSignal) => {
    signal.throwIfAborted();
    await inStore('preparing a trust check', async () => {
      await mkdir(folder, { recursive: true });
      // What a check that was cut short left behind counts for nothing.
      await rm(scratch, { recursive: true, force: true });
      await mkdir(scratch);
    });
    try {
      return await check({ deps, folder, scratch, target, signal });
    } finally {
      // On a disk that fails it is left to the next check, which begins by removing it.
      await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
    }
  };
  // One at a time: they share the scratch copy.
  const inTurn = createTurns();
  const checkInTurn: typeof checkOnce = (target, signal) => inTurn(() => checkOnce(target, signal));
  return {
    verify: async (order, signal) => refuse(judgeTarget(order, await checkInTurn(order.target, signal))),
    refresh: async (signal) => {
      await checkInTurn(undefined, signal);
    },
    listDirectorKeys: () => {
      const mark = readMarks(deps).marks.get(nameDirectorMark(deps));
      return mark && (JSON.parse(mark.identity) as readonly string[]);
    },
  };
}

interface Check {
  readonly deps: TufTrustDeps;
  readonly folder: string;
  readonly scratch: string;
  /** None when only what this box knows is brought up to date. */
  readonly target: string | undefined;
  readonly signal: AbortSignal;
}

/** @returns what the metadata, found good, say of the target */
async function check(at: Check): Promise<TargetSigned | undefined> {
  const { deps, folder, scratch } = at;
  const known = readMarks(deps);
  const start = await inStore('copying trust metadata', () => fillScratch(at, known.rootSha256));
  const { TufFetcher } = await importTuf();
  const fetcher = new TufFetcher(deps.source, at.signal);
  // A clock that was set back reopens nothing: time never passes behind the last good check.
  const nowMs = Math.max(deps.clock.wallMs(), known.timeMs);
  const target = await consult(at, fetcher, (seen) => explainRefusal(seen, known.marks, nowMs));
  const set = await readTrustedSet(at, start, fetcher);
  refuse(
    judgeTrustedSet(set, known.marks, nowMs) ?? judgeDirector(set, known.marks.get(nameDirectorMark(deps))),
  );
  deps.marks.save([...listMarks(set), bootstrapMark(deps), ...directorMarks(deps, set)], nowMs);
  await inStore('keeping trust metadata', () => keep(scratch, folder));
  return target;
}

/** Each bootstrap root has a mark of its own: a new beginning knows no list. */
const nameDirectorMark = (deps: TufTrustDeps): string => `director under ${bootstrapMark(deps).identity}`;

/** The list itself is the mark's identity, as JSON: it is on disk at once with what it came with. */
function directorMarks(deps: TufTrustDeps, { targets: { signed } }: TrustedSet): readonly TrustMark[] {
  const keys = listDirectorKeys(signed);
  if (keys === undefined) return [];
  return [{ role: nameDirectorMark(deps), version: signed.version, identity: JSON.stringify(keys) }];
}

/** A box that saw the list never goes back to what the server tells. */
function judgeDirector(
  { targets: { signed } }: TrustedSet,
  seen: TrustMark | undefined,
): Refusal | undefined {
  if (seen === undefined || listDirectorKeys(signed) !== undefined) return undefined;
  const why = `targets ${signed.version} has no ${DIRECTOR_TARGET}, this box has seen one`;
  return { code: 'TRUST_INVALID', why };
}

function refuse(refusal: Refusal | undefined): void {
  if (refusal !== undefined) throw agentError(refusal.code, refusal.why);
}

const bootstrapMark = ({ bootstrapRoot }: TufTrustDeps) => ({
  role: BOOTSTRAP_MARK,
  version: 1,
  identity: sha256Hex(bootstrapRoot),
});

/** Another bootstrap root is a new beginning, made by whoever installs the agent: the old line of roots is over. */
function readMarks(deps: TufTrustDeps) {
  const { marks, timeMs } = deps.marks.read();
  const last = marks.get(BOOTSTRAP_MARK);
  const isSame = last === undefined || last.identity === bootstrapMark(deps).identity;
  const valid = new Map([...marks].filter(([role]) => isSame || role !== 'root'));
  return { marks: valid, timeMs, rootSha256: valid.get('root')?.identity };
}

/** @returns the root the check begins with */
async function fillScratch(at: Check, rootSha256: string | undefined): Promise<Uint8Array> {
  for (const name of await readdir(at.folder)) {
    if (KEPT.includes(name)) await cp(join(at.folder, name), join(at.scratch, name));
  }
  const kept = await readFile(join(at.folder, 'root.json')).catch(() => undefined);
  const isKnown = kept !== undefined && sha256Hex(kept) === rootSha256;
  const root = isKnown ? kept : at.deps.bootstrapRoot;
  await writeFile(join(at.scratch, 'root.json'), root);
  return root;
}

/** With the first order: a box that runs needs nothing of it. */
async function importTuf() {
  const [{ Updater }, fetcher] = await Promise.all([import('tuf-js'), import('./tuf-fetcher.ts')]);
  return { Updater, ...fetcher };
}

/** Lets tuf-js walk the metadata. @returns what they say of the target */
async function consult(
  { scratch, target, signal }: Check,
  fetcher: TufFetcher,
  explain: (seen: readonly Sighting[]) => Refusal['code'],
): Promise<TargetSigned | undefined> {
  const { Updater, METADATA_BASE_URL } = await importTuf();
  try {
    const updater = new Updater({
      metadataDir: scratch,
      metadataBaseUrl: METADATA_BASE_URL,
      fetcher,
      config: LIMITS,
    });
    await updater.refresh();
    return target === undefined ? undefined : toTarget(await updater.getTargetInfo(target));
  } catch (cause) {
    signal.throwIfAborted();
    if (fetcher.failure !== undefined) throw fetcher.failure;
    if (cause instanceof AppError) throw cause;
    const seen = await listSightings(scratch, fetcher);
    const why = cause instanceof Error ? cause.message : 'no reason given';
    throw agentError(explain(seen), `the fleet's trust metadata are refused: ${why}`, { cause });
  }
}

type Found = Awaited<ReturnType<Updater['getTargetInfo']>>;

function toTarget(found: Found): TargetSigned | undefined {
  if (found === undefined) return undefined;
  const { sha256 } = found.hashes;
  if (sha256 === undefined) throw agentError('TRUST_INVALID', `${found.path} has no sha256`);
  const { releaseCounter } = found.custom;
  const custom = Number.isSafeInteger(releaseCounter) ? { releaseCounter: releaseCounter as number } : {};
  return { length: found.length, hashes: { sha256 }, custom };
}

/** The documents tuf-js left behind, in the narrow form we accept. @throws AppError TRUST_INVALID */
async function readTrustedSet(at: Check, start: Uint8Array, fetcher: TufFetcher): Promise<TrustedSet> {
  const read = async <Parsed>(name: string, parse: (input: unknown) => Parsed): Promise<Parsed> =>
    inForm(name, await readFile(join(at.scratch, name)), parse);
  const fetchedRoots = [...fetcher.fetched].filter(([name]) => /^\d+\.root\.json$/.test(name));
  const roots = [['the root of this box', start] as const, ...fetchedRoots].map(([name, bytes]) => ({
    root: inForm(name, bytes, parseRoot),
    sha256: sha256Hex(bytes),
  }));
  const targets = await read('targets.json', parseTargets);
  const { target = '' } = at;
  const [role = ''] = target.split('/');
  const isNeeded = isDelegatedRole(role) && targets.signed.targets[target] === undefined;
  const isNamed = targets.signed.delegations?.roles.some(({ name }) => name === role) === true;
  return {
    roots,
    timestamp: await read('timestamp.json', parseTimestamp),
    snapshot: await read('snapshot.json', parseSnapshot),
    targets,
    ...(isNeeded && isNamed
      ? { delegated: { role, document: await read(`${role}.json`, parseTargets) } }
      : {}),
  };
}

function inForm<Parsed>(name: string, bytes: Uint8Array, parse: (input: unknown) => Parsed): Parsed {
  try {
    return parse(parseJson(bytes, name));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw agentError('TRUST_INVALID', `${name}: ${cause.message}`, { cause });
  }
}

async function listSightings(scratch: string, { fetched }: TufFetcher): Promise<readonly Sighting[]> {
  const root = await readFile(join(scratch, 'root.json'));
  const documents = [...fetched, ['root.json', root] as const];
  return documents.flatMap(([name, bytes]) => {
    const role = name.replace(/^\d+\./, '').replace(/\.json$/, '');
    // Roots on the way to the newest may be old; the newest is the one in the folder.
    return role === 'root' && name !== 'root.json' ? [] : sightingOf(role, bytes);
  });
}

function sightingOf(role: string, bytes: Uint8Array): readonly Sighting[] {
  try {
    const { signed } = JSON.parse(Buffer.from(bytes).toString()) as Envelope;
    const named = 'meta' in signed ? Object.entries<FileMeta>(signed.meta) : [];
    return [
      { role, version: signed.version, expires: signed.expires },
      ...named.map(([name, { version }]) => ({ role: name.replace(/\.json$/, ''), version })),
    ];
  } catch {
    // What cannot be read explains nothing.
    return [];
  }
}

async function keep(scratch: string, folder: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    if (name === 'root.json' || KEPT.includes(name)) {
      await writeFileAtomic(join(folder, name), await readFile(join(scratch, name)));
    }
  }
}

/** Reads `trust.rootFile`. @throws AppError CONFIG_INVALID */
export async function loadBootstrapRoot(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw agentError('CONFIG_INVALID', `trust.rootFile: cannot read ${path}`, { cause });
  });
  try {
    parseRoot(parseJson(bytes, path));
    return bytes;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw agentError('CONFIG_INVALID', `trust.rootFile: ${cause.message}`, { cause });
  }
}
