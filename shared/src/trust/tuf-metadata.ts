import Type, { type Static } from 'typebox';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { sha256Hex } from '../kernel/digest.ts';
import { Sha256 } from '../kernel/ids.ts';
import { createParser } from '../kernel/parse.ts';

/**
 * Metadata of The Update Framework (specification 1.0) as Watchpost writes and accepts it: narrower than the
 * specification where that leaves an attacker room. Fields it does not know are let through, as the specification asks.
 */

/** Roles whose keys never touch the server. */
export const OFFLINE_ROLES = ['root', 'targets', 'models', 'agent'] as const;
export type OfflineRole = (typeof OFFLINE_ROLES)[number];
/** Roles the server signs by itself. */
export const ONLINE_ROLES = ['snapshot', 'timestamp'] as const;
export type OnlineRole = (typeof ONLINE_ROLES)[number];
export type TufRole = OfflineRole | OnlineRole;

/** What each delegated role may name; in a pattern of TUF `*` never crosses a slash. */
export const DELEGATED_PATHS = { models: ['models/*/*'], agent: ['agent/*/*'] } as const;
export type DelegatedRole = keyof typeof DELEGATED_PATHS;

/** Above `MAX_SAFE_INTEGER` two versions can be one number, so none is accepted. */
const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Length = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const KeyIds = Type.Array(Sha256, { minItems: 1, maxItems: 16, uniqueItems: true });
const Threshold = Type.Integer({ minimum: 1, maximum: 16 });

/** One spelling only: the same key cannot come in hexadecimal and again in PEM. */
export const TufKey = Type.Object({
  keytype: Type.Literal('ed25519'),
  scheme: Type.Literal('ed25519'),
  keyval: Type.Object({ public: Sha256 }),
});
export type TufKey = Static<typeof TufKey>;

const Keys = Type.Record(Type.String(), TufKey);
export const RoleKeys = Type.Object({ keyids: KeyIds, threshold: Threshold });
export type RoleKeys = Static<typeof RoleKeys>;

const head = {
  spec_version: Type.String({ pattern: '^1\\.0(\\.\\d{1,4})?$' }),
  version: Version,
  /** UTC, to the second. */
  expires: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$' }),
};

export const RootSigned = Type.Object({
  _type: Type.Literal('root'),
  ...head,
  consistent_snapshot: Type.Literal(true),
  keys: Keys,
  roles: Type.Object({ root: RoleKeys, targets: RoleKeys, snapshot: RoleKeys, timestamp: RoleKeys }),
});
export type RootSigned = Static<typeof RootSigned>;

export const TargetSigned = Type.Object({
  length: Length,
  hashes: Type.Object({ sha256: Sha256 }),
  custom: Type.Optional(
    Type.Object({
      releaseCounter: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      /** Of the director's target: SPKI, PEM. */
      keys: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 16 })),
    }),
  ),
});
export type TargetSigned = Static<typeof TargetSigned>;

const Delegation = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
  keyids: KeyIds,
  threshold: Threshold,
  terminating: Type.Boolean(),
  paths: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 16 }),
});
export type Delegation = Static<typeof Delegation>;

export const TargetsSigned = Type.Object({
  _type: Type.Literal('targets'),
  ...head,
  targets: Type.Record(Type.String(), TargetSigned),
  delegations: Type.Optional(
    Type.Object({ keys: Keys, roles: Type.Array(Delegation, { minItems: 1, maxItems: 16 }) }),
  ),
});
export type TargetsSigned = Static<typeof TargetsSigned>;

const FileMeta = Type.Object({
  version: Version,
  length: Type.Optional(Length),
  hashes: Type.Optional(Type.Object({ sha256: Sha256 })),
});
export type FileMeta = Static<typeof FileMeta>;

export const SnapshotSigned = Type.Object({
  _type: Type.Literal('snapshot'),
  ...head,
  meta: Type.Record(Type.String(), FileMeta),
});
export type SnapshotSigned = Static<typeof SnapshotSigned>;

export const TimestampSigned = Type.Object({
  _type: Type.Literal('timestamp'),
  ...head,
  meta: Type.Object({ 'snapshot.json': FileMeta }),
});
export type TimestampSigned = Static<typeof TimestampSigned>;

export const TufSignature = Type.Object({
  keyid: Sha256,
  sig: Type.String({ pattern: '^[0-9a-f]{128}$' }),
});
export type TufSignature = Static<typeof TufSignature>;

const Signatures = Type.Array(TufSignature, { maxItems: 32 });
const envelopeOf = <Signed extends Parameters<typeof Type.Object>[0][string]>(signed: Signed) =>
  Type.Object({ signed, signatures: Signatures });

export const TUF_ENVELOPES = {
  root: envelopeOf(RootSigned),
  targets: envelopeOf(TargetsSigned),
  snapshot: envelopeOf(SnapshotSigned),
  timestamp: envelopeOf(TimestampSigned),
} as const;

/** A document of a role that people sign. */
export const OfflineEnvelope = Type.Object({
  signed: Type.Union([RootSigned, TargetsSigned]),
  signatures: Signatures,
});

export type OfflineSigned = RootSigned | TargetsSigned;
export type TufSigned = OfflineSigned | SnapshotSigned | TimestampSigned;
export interface Envelope<Signed extends TufSigned = TufSigned> {
  readonly signed: Signed;
  readonly signatures: readonly TufSignature[];
}

/** Each parses an envelope. @throws AppError MESSAGE_INVALID */
export const parseRoot: (input: unknown) => Envelope<RootSigned> = createParser(
  TUF_ENVELOPES.root,
  'root metadata',
);
export const parseTargets: (input: unknown) => Envelope<TargetsSigned> = createParser(
  TUF_ENVELOPES.targets,
  'targets metadata',
);
export const parseSnapshot: (input: unknown) => Envelope<SnapshotSigned> = createParser(
  TUF_ENVELOPES.snapshot,
  'snapshot metadata',
);
export const parseTimestamp: (input: unknown) => Envelope<TimestampSigned> = createParser(
  TUF_ENVELOPES.timestamp,
  'timestamp metadata',
);

/** @throws AppError MESSAGE_INVALID */
export function parseOffline(role: OfflineRole, input: unknown): Envelope<OfflineSigned> {
  return role === 'root' ? parseRoot(input) : parseTargets(input);
}

export function isDelegatedRole(role: string): role is DelegatedRole {
  return Object.hasOwn(DELEGATED_PATHS, role);
}

/** SHA-256 of the canonical key, as the specification advises. */
export function computeTufKeyId({ keytype, scheme, keyval }: TufKey): string {
  return sha256Hex(canonicalJson({ keytype, scheme, keyval }));
}

/** Expiry in the one form that is accepted. */
export function formatExpires(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Name under which a document is served: consistent snapshots number all but the timestamp. */
export function formatMetadataName(role: TufRole, version: number): string {
  return role === 'timestamp' ? 'timestamp.json' : `${version}.${role}.json`;
}
