import Type, { type Static } from 'typebox';
import { Sha256 } from '../kernel/ids.ts';
import { OFFLINE_ROLES, OfflineEnvelope, ONLINE_ROLES, TufKey, TufSignature } from '../trust/tuf-metadata.ts';

const closed = { additionalProperties: false } as const;

export const OfflineRoleName = Type.Enum([...OFFLINE_ROLES]);
export const OnlineRoleName = Type.Enum([...ONLINE_ROLES]);

/** How many of the keys that must sign have signed; a new root is signed by the keys of the old one too. */
export const SignatureTally = Type.Object(
  { by: Type.Enum(['own', 'previous']), have: Type.Integer(), need: Type.Integer() },
  closed,
);
export type SignatureTally = Static<typeof SignatureTally>;

/** A document people are to sign. */
export const StagedView = Type.Object(
  {
    role: OfflineRoleName,
    version: Type.Integer(),
    /** Why it is not published yet; none when it is. */
    waitsFor: Type.Array(Type.String()),
    tallies: Type.Array(SignatureTally),
    /** What it changes, in words. */
    changes: Type.Array(Type.String()),
    metadata: OfflineEnvelope,
    /** What it would take the place of. */
    published: Type.Optional(OfflineEnvelope),
  },
  closed,
);
export type StagedView = Static<typeof StagedView>;

/** Reply to whatever may have completed a document. */
export const StagingReply = Type.Object(
  { published: Type.Array(OfflineRoleName), staged: Type.Array(StagedView) },
  closed,
);
export type StagingReply = Static<typeof StagingReply>;

export const RoleView = Type.Object(
  {
    role: Type.Enum([...OFFLINE_ROLES, ...ONLINE_ROLES]),
    /** 0 before the first one is published. */
    version: Type.Integer({ minimum: 0 }),
    expires: Type.Optional(Type.String()),
    threshold: Type.Integer({ minimum: 0 }),
    keys: Type.Array(Type.Object({ keyId: Sha256, public: Sha256 }, closed)),
  },
  closed,
);
export type RoleView = Static<typeof RoleView>;

export const TrustView = Type.Object({ roles: Type.Array(RoleView), staged: Type.Array(StagedView) }, closed);
export type TrustView = Static<typeof TrustView>;

/** POST /api/v1/trust/staged: documents to be signed; a document takes the place of one staged for its role. */
export const StagingRequest = Type.Object(
  {
    documents: Type.Array(Type.Object({ role: OfflineRoleName, metadata: OfflineEnvelope }, closed), {
      minItems: 1,
      maxItems: 4,
    }),
  },
  closed,
);
export type StagingRequest = Static<typeof StagingRequest>;

/** POST /api/v1/trust/signatures: `version` is the one that was looked at. */
export const SignatureUpload = Type.Object(
  { role: OfflineRoleName, version: Type.Integer(), signature: TufSignature },
  closed,
);
export type SignatureUpload = Static<typeof SignatureUpload>;

/** POST /api/v1/trust/targets: stages `models` with the bundle, or without the target. */
export const TargetRequest = Type.Union([
  Type.Object({ kind: Type.Literal('add'), digest: Sha256 }, closed),
  Type.Object({ kind: Type.Literal('remove'), target: Type.String({ maxLength: 256 }) }, closed),
]);
export type TargetRequest = Static<typeof TargetRequest>;

/** POST /api/v1/trust/online-keys: the key the next root may name; `fresh` makes a new one. */
export const OnlineKeyRequest = Type.Object({ role: OnlineRoleName, fresh: Type.Boolean() }, closed);
export const OnlineKeyReply = Type.Object({ keyId: Sha256, key: TufKey }, closed);
