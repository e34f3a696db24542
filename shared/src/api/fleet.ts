import Type, { type Static } from 'typebox';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';
import { DeploymentState } from '../lifecycle/deployment.ts';
import { ConnectionState, DeviceState } from '../lifecycle/device.ts';
import { ActiveBundle, Birth, Hardware } from '../messages/birth.ts';
import { CameraState, CameraStats, CameraStatus } from '../messages/camera.ts';
import { ReportedConfig } from '../messages/config-document.ts';
import { ClockState } from '../messages/durable.ts';
import { eventFields } from '../messages/event.ts';
import { Telemetry } from '../messages/telemetry.ts';
import { EventEvidence, type EvidenceView } from './evidence.ts';
import { DeviceMetadata } from './targeting.ts';

const closed = { additionalProperties: false } as const;

/** One camera as the fleet sees it now. */
export const CameraView = Type.Object(
  {
    id: Id,
    name: Type.String(),
    status: Type.Optional(CameraStatus),
    stats: Type.Optional(CameraStats),
    state: Type.Optional(CameraState),
    /** When the latest picture arrived; absent while there is none. */
    pictureAtMs: Type.Optional(UnixMs),
  },
  closed,
);
export type CameraView = Static<typeof CameraView>;

/** One device as the fleet sees it now: a row of the fleet list. */
export const DeviceView = Type.Object(
  {
    id: Id,
    fleet: Id,
    state: DeviceState,
    connection: ConnectionState,
    lastSeenMs: Type.Optional(UnixMs),
    enrolledAtMs: UnixMs,
    /** SHA-256 of the device's public key (SPKI DER), hex. */
    fingerprint: Sha256,
    birth: Type.Optional(Birth),
    /** As it enrolled with; only until its birth says more. */
    hardware: Type.Optional(Hardware),
    /** What people say of it; absent while nobody said anything. */
    metadata: Type.Optional(DeviceMetadata),
    activeBundle: Type.Optional(ActiveBundle),
    deployment: Type.Optional(
      Type.Object(
        {
          id: Type.String(),
          bundleDigest: Sha256,
          model: Id,
          version: Type.String(),
          state: DeploymentState,
          reason: Type.Optional(Type.String()),
          detail: Type.Optional(Type.String()),
          updatedAtMs: UnixMs,
        },
        closed,
      ),
    ),
    config: Type.Optional(
      Type.Object(
        {
          /** What the fleet last set, if anything. */
          desired: Type.Optional(
            Type.Object(
              { version: Type.Integer({ minimum: 1 }), actor: Type.String(), atMs: UnixMs },
              closed,
            ),
          ),
          /** What the device says of it. */
          reported: Type.Optional(ReportedConfig),
        },
        closed,
      ),
    ),
    telemetry: Type.Optional(Telemetry),
    cameras: Type.Array(CameraView),
  },
  closed,
);
export type DeviceView = Static<typeof DeviceView>;
export const DeviceList = Type.Object({ devices: Type.Array(DeviceView) }, closed);

/** A stored event. */
export const StoredEvent = Type.Object(
  {
    ...{ deviceId: Id, camera: Id, receivedAtMs: UnixMs, historical: Type.Boolean() },
    /** What the box knew of its clock when it saw it. */
    clockState: Type.Optional(ClockState),
    ...eventFields,
    /** Absent where the id of the sighting is none that a box makes. */
    evidence: Type.Optional(EventEvidence),
  },
  closed,
);
export type StoredEvent = Static<typeof StoredEvent>;
export const EventPage = Type.Object(
  {
    events: Type.Array(StoredEvent),
    /** Pass as `before` for the next, older page. */
    next: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type EventPage = Static<typeof EventPage>;

/** Samples for sparklines, oldest first. */
export const TelemetryHistory = Type.Object({ samples: Type.Array(Telemetry) }, closed);
export type TelemetryHistory = Static<typeof TelemetryHistory>;

/** Server-sent events of GET /api/v1/live: the SSE event name is `kind`, the data is the JSON of `data`. */
export type LiveMessage =
  | { readonly kind: 'device'; readonly data: DeviceView }
  | { readonly kind: 'event'; readonly data: StoredEvent }
  | { readonly kind: 'evidence'; readonly data: EvidenceView };

export const ErrorReply = Type.Object(
  { code: Type.String(), message: Type.String(), remedy: Type.String(), requestId: Type.String() },
  closed,
);
export type ErrorReply = Static<typeof ErrorReply>;

/** The reply to a picture: when the server would like the next one; soon while somebody watches. */
export const PictureReply = Type.Object({ nextInSec: Type.Number({ exclusiveMinimum: 0 }) }, closed);
export type PictureReply = Static<typeof PictureReply>;
