import {
  computeTufKeyId,
  DELEGATED_PATHS,
  type DelegatedRole,
  formatExpires,
  type OfflineRole,
  type OfflineSigned,
  type OnlineRole,
  type RoleKeys,
  type RootSigned,
  type SnapshotSigned,
  type TargetSigned,
  type TargetsSigned,
  type TimestampSigned,
  type TufKey,
} from '@watchpost/shared/trust/tuf-metadata.ts';

export const SPEC_VERSION = '1.0.31';
const DAY_MS = 24 * 3_600_000;
/** How long a document of each role holds. */
export const LIFE_MS = {
  root: 365 * DAY_MS,
  targets: 90 * DAY_MS,
  models: 90 * DAY_MS,
  agent: 90 * DAY_MS,
  snapshot: 7 * DAY_MS,
  timestamp: DAY_MS,
} as const;

/** The keys of a role and how many of them must sign. */
export interface Signers {
  readonly keys: readonly TufKey[];
  readonly threshold: number;
}
export type AllSigners = Readonly<Record<OfflineRole | OnlineRole, Signers>>;

const toRole = ({ keys, threshold }: Signers): RoleKeys => ({ keyids: keys.map(computeTufKeyId), threshold });
const toTable = (signers: readonly Signers[]): Record<string, TufKey> =>
  Object.fromEntries(signers.flatMap(({ keys }) => keys).map((key) => [computeTufKeyId(key), key]));
const head = (role: keyof typeof LIFE_MS, version: number, nowMs: number) => ({
  spec_version: SPEC_VERSION,
  version,
  expires: formatExpires(nowMs + LIFE_MS[role]),
});

/** The first documents of a repository, unsigned. */
export function draftFirst(signers: AllSigners, nowMs: number): Readonly<Record<OfflineRole, OfflineSigned>> {
  const { root, targets, snapshot, timestamp, models, agent } = signers;
  const empty = (role: DelegatedRole): TargetsSigned => ({
    _type: 'targets',
    ...head(role, 1, nowMs),
    targets: {},
  });
  return {
    root: {
      _type: 'root',
      ...head('root', 1, nowMs),
      consistent_snapshot: true,
      keys: toTable([root, targets, snapshot, timestamp]),
      roles: {
        root: toRole(root),
        targets: toRole(targets),
        snapshot: toRole(snapshot),
        timestamp: toRole(timestamp),
      },
    },
    targets: {
      _type: 'targets',
      ...head('targets', 1, nowMs),
      targets: {},
      delegations: {
        keys: toTable([models, agent]),
        roles: [draftDelegation('models', models), draftDelegation('agent', agent)],
      },
    },
    models: empty('models'),
    agent: empty('agent'),
  };
}

function draftDelegation(name: DelegatedRole, signers: Signers) {
  return { name, ...toRole(signers), terminating: true, paths: [...DELEGATED_PATHS[name]] };
}

/** What the next version of a document changes: what waits for signatures, as if nothing did. */
export function baseOf<Signed extends OfflineSigned>(published: Signed, staged: Signed | undefined): Signed {
  return staged === undefined ? published : { ...staged, version: published.version };
}

/** The next version of a document, with its life begun anew. */
export function draftNext<Signed extends OfflineSigned>(
  role: OfflineRole,
  signed: Signed,
  nowMs: number,
): Signed {
  return { ...signed, ...head(role, signed.version + 1, nowMs) };
}

/** Who signs `role` from the next root on; keys no role names any more are dropped. */
export function draftRootWith(
  root: RootSigned,
  role: keyof RootSigned['roles'],
  signers: Signers,
  nowMs: number,
): RootSigned {
  const roles = { ...root.roles, [role]: toRole(signers) };
  const named = new Set(Object.values(roles).flatMap(({ keyids }) => keyids));
  const keys = { ...root.keys, ...toTable([signers]) };
  return { ...draftNext('root', root, nowMs), roles, keys: pick(keys, named) };
}

/** Who signs the delegated role from the next targets on. */
export function draftTargetsWith(
  targets: TargetsSigned,
  role: DelegatedRole,
  signers: Signers,
  nowMs: number,
): TargetsSigned {
  const others = targets.delegations?.roles.filter(({ name }) => name !== role) ?? [];
  const roles = [...others, draftDelegation(role, signers)];
  const named = new Set(roles.flatMap(({ keyids }) => keyids));
  const keys = { ...targets.delegations?.keys, ...toTable([signers]) };
  return { ...draftNext('targets', targets, nowMs), delegations: { keys: pick(keys, named), roles } };
}

function pick(keys: Readonly<Record<string, TufKey>>, ids: ReadonlySet<string>): Record<string, TufKey> {
  return Object.fromEntries(Object.entries(keys).filter(([id]) => ids.has(id)));
}

/** The next `models` with one target more, or less. */
export function draftModels(
  models: TargetsSigned,
  change: { readonly path: string; readonly target?: TargetSigned },
  nowMs: number,
): TargetsSigned {
  const { [change.path]: _dropped, ...others } = models.targets;
  const targets = change.target === undefined ? others : { ...others, [change.path]: change.target };
  return { ...draftNext('models', models, nowMs), targets };
}

/** What the snapshot says of one document. */
export interface Listed {
  readonly name: string;
  readonly version: number;
  readonly length: number;
  readonly sha256: string;
}

const toMeta = ({ version, length, sha256 }: Listed) => ({ version, length, hashes: { sha256 } });

export function draftSnapshot(listed: readonly Listed[], version: number, nowMs: number): SnapshotSigned {
  const meta = Object.fromEntries(listed.map((each) => [`${each.name}.json`, toMeta(each)]));
  return { _type: 'snapshot', ...head('snapshot', version, nowMs), meta };
}

export function draftTimestamp(snapshot: Listed, version: number, nowMs: number): TimestampSigned {
  return {
    _type: 'timestamp',
    ...head('timestamp', version, nowMs),
    meta: { 'snapshot.json': toMeta(snapshot) },
  };
}
