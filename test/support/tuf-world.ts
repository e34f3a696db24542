import type { KeyObject } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetadataSource } from '../../agent/src/trust/port.ts';
import { createSqliteTrustMarks } from '../../agent/src/trust/sqlite-trust-marks.ts';
import { createTufTrust } from '../../agent/src/trust/tuf-trust.ts';
import {
  draftNext,
  draftRootWith,
  draftSnapshot,
  draftTimestamp,
  type Listed,
} from '../../fleet-server/src/trust/drafts.ts';
import type { TargetFacts } from '../../fleet-server/src/trust/port.ts';
import { toTufKey } from '../../fleet-server/src/trust/tuf-signing.ts';
import { canonicalJson } from '../../shared/src/kernel/canonical-json.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import type { Order } from '../../shared/src/trust/order.ts';
import {
  type Envelope,
  formatExpires,
  formatMetadataName,
  type OfflineRole,
  type RootSigned,
  type TargetsSigned,
  type TufRole,
  type TufSigned,
} from '../../shared/src/trust/tuf-metadata.ts';
import { type Ceremony, holdCeremony, makeKeys, signWith } from './tuf-ceremony.ts';

export const DAY_MS = 24 * 3_600_000;
export const GENUINE: TargetFacts = {
  target: 'models/pets/1.0.0',
  sha256: 'a'.repeat(64),
  lengthBytes: 500,
  releaseCounter: 3,
};
export const EVIL: TargetFacts = { ...GENUINE, target: 'models/pets/6.6.6', sha256: 'e'.repeat(64) };

/** What stands between box and server, and may answer as it likes. */
export interface Mirror {
  readonly source: MetadataSource;
  /** Answers instead of the server's; null hides a document. */
  readonly answers: Map<string, string | null>;
  /** Everything the server would serve now. */
  capture(): Promise<ReadonlyMap<string, string>>;
}

/** A fleet's repository with all its keys, a box that trusts its first root, and a mirror in between. */
export interface TrustWorld {
  readonly ceremony: Ceremony;
  readonly mirror: Mirror;
  /** Wall clock of the box. */
  readonly clock: { nowMs: number };
  readonly dataDir: string;
  /** Lets the box judge an order for the bundle. Rejects with the box's coded error. */
  install(facts?: TargetFacts, order?: Partial<Order>): Promise<void>;
  close(): Promise<void>;
}

export async function createTrustWorld(): Promise<TrustWorld> {
  const ceremony = await holdCeremony();
  await ceremony.release(GENUINE);
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-box-'));
  const clock = { nowMs: Date.now() };
  const mirror = createMirror(ceremony);
  const bootstrapRoot = Buffer.from(await ceremony.rootFile());
  return {
    ceremony,
    mirror,
    clock,
    dataDir,
    install: async (facts = GENUINE, order = {}) => {
      // A new one each time, as after a restart: nothing may hang on memory.
      const trust = createTufTrust({
        dataDir,
        bootstrapRoot,
        source: mirror.source,
        marks: createSqliteTrustMarks({ path: join(dataDir, 'trust.sqlite'), log: silentLogger }),
        clock: { wallMs: () => clock.nowMs },
      });
      await trust.verify({ ...orderOf(facts), ...order }, AbortSignal.timeout(20_000));
    },
    close: () => rm(dataDir, { recursive: true, force: true }),
  };
}

export function createMirror({ repository }: Ceremony): Mirror {
  const answers = new Map<string, string | null>();
  return {
    answers,
    source: async (name) => {
      const given = answers.get(name);
      const body = given === undefined ? await repository.readFile(name) : given;
      return body === undefined || body === null ? undefined : Buffer.from(body);
    },
    capture: async () => {
      const { roles } = await repository.view();
      const names = roles.map(({ role, version }) => formatMetadataName(role, version));
      const bodies = await Promise.all(names.map((name) => repository.readFile(name)));
      return new Map(names.map((name, index) => [name, bodies[index] ?? '']));
    },
  };
}

export const orderOf = (facts: TargetFacts): Order => ({
  deviceId: 'gate-3',
  deploymentId: 'deploy-1',
  target: facts.target,
  sha256: facts.sha256,
  length: facts.lengthBytes,
  releaseCounter: facts.releaseCounter,
  counter: 1,
  notBeforeMs: 0,
  expiresMs: 4_102_444_800_000,
  nonce: 'n'.repeat(16),
});

/** What an attacker with the online keys can publish: any documents, under any version and expiry. */
export interface Forgery {
  readonly documents?: Readonly<Partial<Record<OfflineRole, Envelope | string>>>;
  readonly snapshotVersion?: number;
  readonly timestampVersion?: number;
  readonly expiresMs?: number;
  readonly snapshotKeys?: readonly KeyObject[];
  readonly timestampKeys?: readonly KeyObject[];
  /** Last changes to the documents before they are signed. */
  readonly editSnapshot?: (signed: TufSigned) => TufSigned;
  readonly editTimestamp?: (signed: TufSigned) => TufSigned;
}

/** Makes the mirror serve a repository that fits together, signed with the keys given. */
export async function serveForgery({ ceremony, mirror }: TrustWorld, forgery: Forgery): Promise<void> {
  const { ring, repository } = ceremony;
  const { roles } = await repository.view();
  const versionOf = (role: TufRole): number => roles.find((each) => each.role === role)?.version ?? 0;
  const listed: Listed[] = [];
  for (const role of ['targets', 'models', 'agent'] as const) {
    const given = forgery.documents?.[role];
    const genuine = (await repository.readFile(formatMetadataName(role, versionOf(role)))) ?? '';
    const body = given === undefined ? genuine : typeof given === 'string' ? given : canonicalJson(given);
    const version = versionIn(body);
    mirror.answers.set(`${version}.${role}.json`, body);
    listed.push(listedAs(role, version, body));
  }
  const { expiresMs, editSnapshot = same, editTimestamp = same } = forgery;
  const until = <Signed extends TufSigned>(signed: Signed): Signed =>
    expiresMs === undefined ? signed : { ...signed, expires: formatExpires(expiresMs) };
  const snapshotVersion = forgery.snapshotVersion ?? versionOf('snapshot') + 1;
  const snapshot = canonicalJson(
    signWith(
      editSnapshot(until(draftSnapshot(listed, snapshotVersion, ceremony.clock.nowMs))),
      forgery.snapshotKeys ?? ring.snapshot,
    ),
  );
  mirror.answers.set(`${snapshotVersion}.snapshot.json`, snapshot);
  const timestampVersion = forgery.timestampVersion ?? versionOf('timestamp') + 1;
  const named = listedAs('snapshot', snapshotVersion, snapshot);
  const timestamp = signWith(
    editTimestamp(until(draftTimestamp(named, timestampVersion, ceremony.clock.nowMs))),
    forgery.timestampKeys ?? ring.timestamp,
  );
  mirror.answers.set('timestamp.json', canonicalJson(timestamp));
}

const same = (signed: TufSigned): TufSigned => signed;
const versionIn = (body: string): number => (JSON.parse(body) as Envelope).signed.version;
const listedAs = (name: string, version: number, body: string): Listed => ({
  name,
  version,
  length: Buffer.byteLength(body),
  sha256: sha256Hex(body),
});

/** The next `models`, naming the evil bundle. */
export async function draftEvilModels(ceremony: Ceremony, target = EVIL.target): Promise<TargetsSigned> {
  const models = (await ceremony.newest('models')) as TargetsSigned;
  const evil = { length: EVIL.lengthBytes, hashes: { sha256: EVIL.sha256 }, custom: { releaseCounter: 3 } };
  return {
    ...draftNext('models', models, ceremony.clock.nowMs),
    targets: { ...models.targets, [target]: evil },
  };
}

export const rootOf = async ({ newest }: Ceremony): Promise<RootSigned> =>
  (await newest('root')) as RootSigned;
export const targetsOf = async ({ newest }: Ceremony): Promise<TargetsSigned> =>
  (await newest('targets')) as TargetsSigned;

/** A signed root 2 with new root keys, handed to the mirror only. */
export async function serveRoot(
  { ceremony, mirror }: TrustWorld,
  signers: (fresh: readonly KeyObject[], old: readonly KeyObject[]) => readonly KeyObject[],
  edit: (signed: RootSigned) => RootSigned = (signed) => signed,
): Promise<void> {
  const fresh = makeKeys(3);
  const role = { keys: fresh.map(toTufKey), threshold: 2 };
  const next = edit(draftRootWith(await rootOf(ceremony), 'root', role, ceremony.clock.nowMs));
  mirror.answers.set(
    `${next.version}.root.json`,
    canonicalJson(signWith(next, signers(fresh, ceremony.ring.root))),
  );
}

/** Cuts a file the box keeps, as a power cut or a bad disk would. */
export async function damageFile(
  world: TrustWorld,
  name: string,
  how: 'cut' | 'wipe' | 'noise',
): Promise<void> {
  const path = join(world.dataDir, 'tuf', name);
  if (how === 'wipe') await rm(path, { force: true });
  else if (how === 'cut') await truncate(path, 20);
  else await writeFile(path, '\u0000 no json');
}

export const listKept = ({ dataDir }: TrustWorld): Promise<readonly string[]> =>
  readdir(join(dataDir, 'tuf'));
