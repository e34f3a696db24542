import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { listDirectorKeys } from '@watchpost/shared/trust/director-target.ts';
import { describeTufChange } from '@watchpost/shared/trust/tuf-change.ts';
import {
  type Envelope,
  formatMetadataName,
  OFFLINE_ROLES,
  type OfflineRole,
  type OfflineSigned,
  ONLINE_ROLES,
  parseOffline,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type SnapshotSigned,
  type TargetsSigned,
  type TimestampSigned,
  type TufRole,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners } from '@watchpost/shared/trust/tuf-policy.ts';
import { serverError } from '../kernel/errors.ts';
import type { TrustFile, TrustStore } from '../store/port.ts';
import { draftDirector } from './director-target.ts';
import { baseOf, draftModels, draftSnapshot, draftTimestamp, type Listed } from './drafts.ts';
import type { OnlineKeys, Proposal, RoleView, StagedView, TargetFacts, TrustRepository } from './port.ts';
import { findProposalProblems } from './proposal-check.ts';
import { type CountSigners, delegatorsOf, planPublish, type Shelf, tallySignatures } from './publish-plan.ts';
import { findGoodSigners } from './tuf-signing.ts';

export interface TrustRepositoryDeps {
  readonly store: TrustStore;
  readonly keys: OnlineKeys;
  readonly findTarget: (digest: string) => Promise<TargetFacts | undefined>;
  readonly nowMs: () => number;
}

/** A snapshot that says nothing new is signed again when less than this is left of its seven days. */
const SNAPSHOT_DUE_MS = 6 * 24 * 3_600_000;
const count: CountSigners = (role, delegator, document) => findGoodSigners(role, delegator, document).length;

export function createTrustRepository(deps: TrustRepositoryDeps): TrustRepository {
  const repository = new Repository(deps);
  // One change at a time: each reads what the one before it left.
  const inTurn = createTurns();
  return {
    readFile: (name) => deps.store.readFile(name),
    view: async () => ({ roles: await repository.viewRoles(), staged: await repository.viewStaged() }),
    stage: (proposals) => inTurn(() => repository.stage(proposals)),
    addSignature: (upload) => inTurn(() => repository.addSignature(upload)),
    listTargets: () => repository.listTargets(),
    changeTarget: (change) => inTurn(() => repository.changeTarget(change)),
    announceDirector: (keys) => inTurn(() => repository.announceDirector(keys)),
    directorKeys: () => repository.directorKeys(),
    onlineKey: (role, fresh) => inTurn(() => (fresh ? deps.keys.make(role) : deps.keys.newest(role))),
    refresh: () => inTurn(() => repository.refresh()),
  };
}

class Repository {
  readonly #deps: TrustRepositoryDeps;

  constructor(deps: TrustRepositoryDeps) {
    this.#deps = deps;
  }

  async stage(proposals: readonly Proposal[]) {
    const { published, staged } = await this.#shelf();
    const { keys, nowMs } = this.#deps;
    const next = { ...staged, ...Object.fromEntries(proposals.map((each) => [each.role, each.metadata])) };
    for (const { role, metadata } of proposals) {
      const problems = findProposalProblems(role, metadata.signed, {
        published: published[role],
        nowMs: nowMs(),
        holdsKey: (id) => keys.has(id),
      });
      if (problems.length > 0) throw serverError('TRUST_REFUSED', `${role}: ${problems.join('; ')}`);
      requireGood(role, metadata, { published, staged: next });
    }
    await this.#save(proposals);
    return this.#publishComplete();
  }

  async addSignature({ role, version, signature }: Parameters<TrustRepository['addSignature']>[0]) {
    const { published, staged } = await this.#shelf();
    const document = staged[role];
    if (document?.signed.version !== version) {
      throw serverError('TRUST_REFUSED', `${role} ${version} does not wait for signatures`);
    }
    const others = document.signatures.filter(({ keyid }) => keyid !== signature.keyid);
    const metadata = { ...document, signatures: [...others, signature] };
    requireGood(role, metadata, { published, staged: { ...staged, [role]: metadata } });
    await this.#save([{ role, metadata }]);
    return this.#publishComplete();
  }

  async listTargets(): Promise<TargetsSigned['targets'] | undefined> {
    const models = await this.#newest('models', parseTargets);
    return models?.signed.targets;
  }

  async changeTarget(change: Parameters<TrustRepository['changeTarget']>[0]) {
    const base = await this.#baseOf('models');
    const [path, target] =
      change.kind === 'add' ? await this.#targetOf(change.digest) : [change.target, undefined];
    if (change.kind === 'remove' && base.targets[path] === undefined) {
      throw serverError('NOT_FOUND', `models does not name ${path}`);
    }
    if (target !== undefined && base.targets[path]?.hashes.sha256 === target.hashes.sha256) {
      return this.#publishComplete();
    }
    const signed = draftModels(base, target === undefined ? { path } : { path, target }, this.#deps.nowMs());
    return this.stage([{ role: 'models', metadata: { signed, signatures: [] } }]);
  }

  async announceDirector(keys: readonly string[]) {
    const base = await this.#baseOf('targets');
    if (canonicalJson(listDirectorKeys(base) ?? []) === canonicalJson(keys)) return this.#publishComplete();
    const signed = draftDirector(base, keys, this.#deps.nowMs());
    return this.stage([{ role: 'targets', metadata: { signed, signatures: [] } }]);
  }

  async directorKeys(): Promise<readonly string[] | undefined> {
    const targets = await this.#newest('targets', parseTargets);
    return targets && listDirectorKeys(targets.signed);
  }

  async #baseOf(role: 'models' | 'targets'): Promise<TargetsSigned> {
    const { published, staged } = await this.#shelf();
    const before = published[role]?.signed;
    if (before?._type !== 'targets') {
      throw serverError('TRUST_REFUSED', `there is no ${role} role yet: run \`fleetctl keys init\``);
    }
    const waiting = staged[role]?.signed;
    return baseOf(before, waiting?._type === 'targets' ? waiting : undefined);
  }

  async #targetOf(digest: string) {
    const facts = await this.#deps.findTarget(digest);
    if (facts === undefined) throw serverError('NOT_FOUND', `bundle ${digest} is not in the registry`);
    const { target, sha256, lengthBytes, releaseCounter } = facts;
    return [target, { length: lengthBytes, hashes: { sha256 }, custom: { releaseCounter } }] as const;
  }

  async #save(proposals: readonly Proposal[]): Promise<void> {
    await this.#deps.store.stage(
      proposals.map(({ role, metadata }) => ({ role, body: JSON.stringify(metadata) })),
    );
  }

  /** Publishes what enough people signed, with a snapshot and a timestamp that name it. */
  async #publishComplete() {
    const shelf = await this.#shelf();
    const roles = planPublish(shelf, count);
    if (roles.length > 0) {
      const next = { ...shelf.published, ...pick(shelf.staged, roles) };
      const files = roles.flatMap((role) => this.#fileOf(role, next[role]));
      await this.#deps.store.publish([...files, ...(await this.#signOnline(next, 'changed'))], roles);
    }
    return { published: [...roles], staged: await this.viewStaged() };
  }

  async refresh(): Promise<void> {
    const { published } = await this.#shelf();
    if (published.root === undefined) return;
    await this.#deps.store.publish(await this.#signOnline(published, 'same'), []);
  }

  async #signOnline(
    published: Shelf['published'],
    content: 'changed' | 'same',
  ): Promise<readonly TrustFile[]> {
    const { keys, nowMs } = this.#deps;
    const { root } = published;
    if (root?.signed._type !== 'root') return [];
    const { roles } = root.signed;
    const old = await this.#newest('snapshot', parseSnapshot);
    const isDue =
      content === 'changed' ||
      old === undefined ||
      Date.parse(old.signed.expires) - nowMs() < SNAPSHOT_DUE_MS;
    const snapshot: Envelope<SnapshotSigned> = isDue
      ? keys.sign(
          draftSnapshot(listDocuments(published), nextVersion(old, nowMs()), nowMs()),
          roles.snapshot.keyids,
        )
      : old;
    const last = await this.#newest('timestamp', parseTimestamp);
    const timestamp: Envelope<TimestampSigned> = keys.sign(
      draftTimestamp(list('snapshot', snapshot), nextVersion(last, nowMs()), nowMs()),
      roles.timestamp.keyids,
    );
    return [...(isDue ? this.#fileOf('snapshot', snapshot) : []), ...this.#fileOf('timestamp', timestamp)];
  }

  #fileOf(role: TufRole, envelope: Envelope | undefined): readonly TrustFile[] {
    if (envelope === undefined) return [];
    const { version } = envelope.signed;
    const name = formatMetadataName(role, version);
    return [{ name, role, version, body: canonicalJson(envelope), createdAtMs: this.#deps.nowMs() }];
  }

  async #newest<Parsed>(role: TufRole, parse: (input: unknown) => Parsed): Promise<Parsed | undefined> {
    const body = await this.#deps.store.newest(role);
    return body === undefined ? undefined : parse(parseJson(body, role));
  }

  async #shelf(): Promise<Shelf> {
    const published = await Promise.all(
      OFFLINE_ROLES.map(
        async (role) => [role, await this.#newest(role, (it) => parseOffline(role, it))] as const,
      ),
    );
    const staged = (await this.#deps.store.staged()).map(({ role, body }) => {
      const name = OFFLINE_ROLES.find((each) => each === role) ?? 'models';
      return [name, parseOffline(name, parseJson(body, role))] as const;
    });
    return {
      published: Object.fromEntries(published.filter(([, it]) => it !== undefined)),
      staged: Object.fromEntries(staged),
    };
  }

  async viewStaged(): Promise<StagedView[]> {
    const shelf = await this.#shelf();
    return OFFLINE_ROLES.flatMap((role) => viewStaged(role, shelf));
  }

  async viewRoles(): Promise<RoleView[]> {
    const { published } = await this.#shelf();
    const online = {
      snapshot: await this.#newest('snapshot', parseSnapshot),
      timestamp: await this.#newest('timestamp', parseTimestamp),
    };
    const all: Readonly<Partial<Record<TufRole, Envelope | undefined>>> = { ...published, ...online };
    return [...OFFLINE_ROLES, ...ONLINE_ROLES].map((role) => {
      const isDelegated = role === 'models' || role === 'agent';
      const delegator = isDelegated ? published.targets : published.root;
      const signers = delegator && findSigners(role, delegator);
      const { version = 0, expires } = all[role]?.signed ?? {};
      return {
        role,
        version,
        ...(expires === undefined ? {} : { expires }),
        threshold: signers?.threshold ?? 0,
        keys: signers?.keys.map(([keyId, { keyval }]) => ({ keyId, public: keyval.public })) ?? [],
      };
    });
  }
}

/** Every signature handed in is by a key that may sign, and of this very content. @throws AppError TRUST_REFUSED */
function requireGood(role: OfflineRole, document: Envelope<OfflineSigned>, shelf: Shelf): void {
  const good = delegatorsOf(role, shelf).flatMap(({ delegator }) =>
    findGoodSigners(role, delegator, document),
  );
  const bad = document.signatures.find(({ keyid }) => !good.includes(keyid));
  if (bad === undefined) return;
  throw serverError(
    'TRUST_REFUSED',
    `${role} ${document.signed.version}: the signature by ${bad.keyid} is by a key that may not sign, or of other content`,
  );
}

function viewStaged(role: OfflineRole, shelf: Shelf): readonly StagedView[] {
  const metadata = shelf.staged[role];
  if (metadata === undefined) return [];
  const published = shelf.published[role];
  const tallies = tallySignatures(role, shelf, count);
  const short = tallies
    .filter(({ have, need }) => have < need)
    .map(({ by, have, need }) => `${have} of ${need} signatures by its ${by} keys`);
  return [
    {
      role,
      version: metadata.signed.version,
      waitsFor: short.length > 0 ? short : ['the other documents staged with it'],
      tallies: [...tallies],
      changes: [...describeTufChange(published?.signed, metadata.signed)],
      metadata: thaw(metadata),
      ...(published === undefined ? {} : { published: thaw(published) }),
    },
  ];
}

/**
 * The second it is signed in, or the one after the last. A server restored from a backup thus signs nothing that boxes
 * have seen a later version of.
 */
function nextVersion(last: Envelope | undefined, nowMs: number): number {
  return Math.max((last?.signed.version ?? 0) + 1, Math.floor(nowMs / 1000));
}

const thaw = ({ signed, signatures }: Envelope<OfflineSigned>) => ({ signed, signatures: [...signatures] });

function pick(documents: Shelf['staged'], roles: readonly OfflineRole[]): Shelf['staged'] {
  return Object.fromEntries(roles.map((role) => [role, documents[role]]));
}

function listDocuments(published: Shelf['published']): readonly Listed[] {
  return OFFLINE_ROLES.flatMap((role) => {
    const document = published[role];
    return role === 'root' || document === undefined ? [] : [list(role, document)];
  });
}

function list(name: string, envelope: Envelope): Listed {
  const body = canonicalJson(envelope);
  return {
    name,
    version: envelope.signed.version,
    length: Buffer.byteLength(body),
    sha256: sha256Hex(body),
  };
}
