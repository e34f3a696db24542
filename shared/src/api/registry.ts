import Type, { type Static } from 'typebox';
import { Manifest } from '../bundle/manifest.ts';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { ModelVersionState } from '../lifecycle/model-version.ts';
import { Role } from './people.ts';

const closed = { additionalProperties: false } as const;

/** POST /api/v1/bundles: every listed file must have been put to /artifacts before. */
export const BundleUpload = Type.Object({ manifest: Manifest }, closed);
export type BundleUpload = Static<typeof BundleUpload>;

export const BundleView = Type.Object(
  {
    digest: Sha256,
    model: Id,
    version: Type.String(),
    releaseCounter: Type.Integer(),
    state: ModelVersionState,
    sizeBytes: Type.Integer(),
    labels: Type.Array(Type.String()),
    createdAtMs: UnixMs,
  },
  closed,
);
export type BundleView = Static<typeof BundleView>;
export const BundleList = Type.Object({ bundles: Type.Array(BundleView) }, closed);

/** POST /api/v1/devices/:id/deployments */
export const DeploymentRequest = Type.Object(
  {
    bundleDigest: Sha256,
    /** Try it again where it failed before: the device takes it out of its quarantine. */
    liftQuarantine: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type DeploymentRequest = Static<typeof DeploymentRequest>;

export const DeploymentView = Type.Object(
  { id: Type.String(), deviceId: Id, bundleDigest: Sha256, state: DeploymentState, createdAtMs: UnixMs },
  closed,
);
export type DeploymentView = Static<typeof DeploymentView>;

/** POST /api/v1/enrolment-tokens; the token is shown once and stored as a hash. */
export const TokenRequest = Type.Object(
  { ttlMinutes: Type.Integer({ minimum: 1, maximum: 43_200, default: 60 }) },
  closed,
);
export const TokenReply = Type.Object({ token: Type.String(), expiresAtMs: UnixMs }, closed);
export type TokenReply = Static<typeof TokenReply>;

export const LoginRequest = Type.Object(
  { user: Type.String({ maxLength: 64 }), password: Type.String({ maxLength: 256 }) },
  closed,
);
export type LoginRequest = Static<typeof LoginRequest>;
/** `roles` are those the user has and all they include. */
export const SessionView = Type.Object(
  { user: Type.String(), expiresAtMs: UnixMs, roles: Type.Array(Role) },
  closed,
);
export type SessionView = Static<typeof SessionView>;
