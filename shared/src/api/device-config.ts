import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';

const closed = { additionalProperties: false } as const;

/** Settings by their keys, checked by `judgeFleetSettings`, which names every problem. */
const Settings = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'cameras, cameraChanges, telemetry, pictures, update, inference, outbox, log: as in agent.yaml',
});

/** Takes the place of what was set before; what it leaves out is as the box itself has it. */
export const DeviceConfigRequest = Type.Object({ settings: Settings }, closed);
export type DeviceConfigRequest = Static<typeof DeviceConfigRequest>;

/** What somebody set on a device. */
export const DeviceConfigView = Type.Object(
  {
    deviceId: Id,
    version: Type.Integer({ minimum: 1 }),
    settings: Settings,
    actor: Type.String(),
    atMs: UnixMs,
  },
  closed,
);
export type DeviceConfigView = Static<typeof DeviceConfigView>;

/** Newest first. */
export const DeviceConfigHistory = Type.Object({ versions: Type.Array(DeviceConfigView) }, closed);
export type DeviceConfigHistory = Static<typeof DeviceConfigHistory>;
