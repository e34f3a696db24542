import Type, { type Static } from 'typebox';
import { MeasuredVariant, ValidationCheck } from '../bundle/validation-report.ts';
import { Id, UnixMs } from '../kernel/ids.ts';
import { ModelVersionState } from '../lifecycle/model-version.ts';
import { BundleView } from './registry.ts';

const closed = { additionalProperties: false } as const;
const Reason = Type.String({ maxLength: 2_000 });

/** `champion`: what the fleet runs; `challenger`: what is compared with it. */
export const ModelAlias = Type.Enum(['champion', 'challenger']);
export type ModelAlias = Static<typeof ModelAlias>;

/** A change of state: who, when, why. */
export const ModelTransition = Type.Object(
  { from: ModelVersionState, to: ModelVersionState, by: Type.String(), reason: Type.String(), atMs: UnixMs },
  closed,
);
export type ModelTransition = Static<typeof ModelTransition>;

export const CertificationDecision = Type.Enum(['approve', 'reject']);
export type CertificationDecision = Static<typeof CertificationDecision>;

/** A person's decision about a version, with the report it rests on. */
export const Certification = Type.Object(
  { decision: CertificationDecision, report: Type.String(), by: Type.String(), atMs: UnixMs },
  closed,
);
export type Certification = Static<typeof Certification>;

/** What the server found out about a version by itself. */
export const ValidationView = Type.Object(
  {
    passed: Type.Boolean(),
    atMs: UnixMs,
    checks: Type.Array(ValidationCheck),
    variants: Type.Array(MeasuredVariant),
    warnings: Type.Array(Type.String()),
  },
  closed,
);
export type ValidationView = Static<typeof ValidationView>;

/** An alias moved; `from` and `to` are versions, absent where the alias named none. */
export const AliasChange = Type.Object(
  {
    alias: ModelAlias,
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    by: Type.String(),
    atMs: UnixMs,
  },
  closed,
);
export type AliasChange = Static<typeof AliasChange>;

export const ModelVersionView = Type.Object(
  {
    ...BundleView.properties,
    /** Who pushed it; unknown for what was there before the registry kept it. */
    author: Type.Optional(Type.String()),
    releasedAtMs: Type.Optional(UnixMs),
    aliases: Type.Array(ModelAlias),
  },
  closed,
);
export type ModelVersionView = Static<typeof ModelVersionView>;

/** GET /api/v1/models */
export const ModelList = Type.Object({ versions: Type.Array(ModelVersionView) }, closed);

/** GET /api/v1/models/:name */
export const ModelView = Type.Object(
  { model: Id, versions: Type.Array(ModelVersionView), aliasHistory: Type.Array(AliasChange) },
  closed,
);
export type ModelView = Static<typeof ModelView>;

/** GET /api/v1/models/:name/versions/:version */
export const ModelVersionDetail = Type.Object(
  {
    ...ModelVersionView.properties,
    lineage: Type.Record(Type.String(), Type.Unknown()),
    metrics: Type.Record(Type.String(), Type.Number()),
    transitions: Type.Array(ModelTransition),
    certifications: Type.Array(Certification),
    validation: Type.Optional(ValidationView),
  },
  closed,
);
export type ModelVersionDetail = Static<typeof ModelVersionDetail>;

/** POST …/certify */
export const CertificationRequest = Type.Object(
  { decision: CertificationDecision, report: Type.String({ minLength: 1, maxLength: 100_000 }) },
  closed,
);
/** POST …/release, …/withdraw, …/archive */
export const ModelStepRequest = Type.Object({ reason: Type.Optional(Reason) }, closed);
/** POST /api/v1/models/:name/aliases/:alias; without a version the alias names none. */
export const AliasRequest = Type.Object({ version: Type.Optional(Type.String()) }, closed);

/** GET /api/v1/devices/:id/as-of?time=: what ran there then. */
export const DeviceAsOf = Type.Object(
  {
    deviceId: Id,
    atMs: UnixMs,
    /** Absent while the device had run nothing yet. */
    running: Type.Optional(
      Type.Object(
        {
          deploymentId: Type.String(),
          /** By the clock of the device. */
          sinceMs: UnixMs,
          /** When the server learned of it. */
          reportedAtMs: UnixMs,
          /** When the next model took over, by the clock of the device; absent if none has. */
          untilMs: Type.Optional(UnixMs),
          certified: Type.Optional(Certification),
          released: Type.Optional(ModelTransition),
          version: ModelVersionView,
          lineage: Type.Record(Type.String(), Type.Unknown()),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type DeviceAsOf = Static<typeof DeviceAsOf>;
