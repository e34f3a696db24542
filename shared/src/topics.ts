import type { Static, TSchema } from 'typebox';
import { sharedError } from './kernel/errors.ts';
import { isId } from './kernel/ids.ts';
import { createJsonParser, type Parse } from './kernel/parse.ts';
import { Birth } from './messages/birth.ts';
import { CameraState, CameraStats, CameraStatus } from './messages/camera.ts';
import { DesiredConfig, ReportedConfig } from './messages/config-document.ts';
import { DeploymentChange } from './messages/deployment.ts';
import { Receipt } from './messages/durable.ts';
import { CameraEvent } from './messages/event.ts';
import { DesiredModel, ReportedModel } from './messages/model-document.ts';
import { DeviceStatus } from './messages/status.ts';
import { Telemetry } from './messages/telemetry.ts';

/** One row of the topic table: path below the device root (`+` is the camera), direction, delivery, payload. */
export interface TopicSpec<S extends TSchema = TSchema> {
  readonly path: string;
  readonly direction: 'up' | 'down';
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly schema: S;
}

const topic = <S extends TSchema>(
  path: string,
  direction: 'up' | 'down',
  delivery: { readonly qos: 0 | 1; readonly retain?: boolean },
  schema: S,
): TopicSpec<S> => ({ path, direction, qos: delivery.qos, retain: delivery.retain ?? false, schema });

/** The topic tree below `watchpost/v1/<fleet>/<device>`. */
export const TOPICS = {
  status: topic('status', 'up', { qos: 1, retain: true }, DeviceStatus),
  birth: topic('birth', 'up', { qos: 1, retain: true }, Birth),
  telemetry: topic('telemetry', 'up', { qos: 0 }, Telemetry),
  cameraStatus: topic('cam/+/status', 'up', { qos: 1, retain: true }, CameraStatus),
  cameraStats: topic('cam/+/stats', 'up', { qos: 0 }, CameraStats),
  cameraState: topic('cam/+/state', 'up', { qos: 1, retain: true }, CameraState),
  cameraEvent: topic('cam/+/event', 'up', { qos: 1 }, CameraEvent),
  deployment: topic('deployment', 'up', { qos: 1 }, DeploymentChange),
  reportedModel: topic('reported/model', 'up', { qos: 1, retain: true }, ReportedModel),
  desiredModel: topic('desired/model', 'down', { qos: 1, retain: true }, DesiredModel),
  reportedConfig: topic('reported/config', 'up', { qos: 1, retain: true }, ReportedConfig),
  desiredConfig: topic('desired/config', 'down', { qos: 1, retain: true }, DesiredConfig),
  receipt: topic('receipt', 'down', { qos: 1 }, Receipt),
} as const;

export type TopicKind = keyof typeof TOPICS;
export type Payload<K extends TopicKind> = Static<(typeof TOPICS)[K]['schema']>;
export type CameraTopicKind = Extract<TopicKind, `camera${string}`>;
export const TOPIC_KINDS = Object.keys(TOPICS) as readonly TopicKind[];

export interface DeviceAddress {
  readonly fleet: string;
  readonly device: string;
}

/** What a topic name says. `camera` is present for the topics of a camera. */
export interface TopicAddress extends DeviceAddress {
  readonly kind: TopicKind;
  readonly camera?: string;
}

const PREFIX = 'watchpost/v1';

/** `watchpost/v1/<fleet>/<device>` */
export function deviceRoot({ fleet, device }: DeviceAddress): string {
  return `${PREFIX}/${fleet}/${device}`;
}

/** @throws AppError TOPIC_INVALID for an id that does not fit, or a camera topic without its camera */
export function formatTopic(address: TopicAddress): string {
  const ids = [address.fleet, address.device, ...(address.camera === undefined ? [] : [address.camera])];
  const wrong = ids.find((id) => !isId(id));
  if (wrong !== undefined)
    throw sharedError('TOPIC_INVALID', `topic ${address.kind}: "${wrong}" is not an id`);
  const { path } = TOPICS[address.kind];
  if (path.includes('+') !== (address.camera !== undefined)) {
    throw sharedError(
      'TOPIC_INVALID',
      `topic ${address.kind}: ${path.includes('+') ? 'needs' : 'has no'} camera`,
    );
  }
  return `${deviceRoot(address)}/${path.replace('+', address.camera ?? '')}`;
}

/** @returns undefined for a name that is not in the tree */
export function parseTopic(name: string): TopicAddress | undefined {
  const [root, version, fleet, device, ...rest] = name.split('/');
  if (`${root}/${version}` !== PREFIX || fleet === undefined || device === undefined) return undefined;
  if (!isId(fleet) || !isId(device)) return undefined;
  const camera = rest[0] === 'cam' && rest.length === 3 ? rest[1] : undefined;
  if (camera !== undefined && !isId(camera)) return undefined;
  const path = camera === undefined ? rest.join('/') : `cam/+/${rest[2]}`;
  const kind = TOPIC_KINDS.find((candidate) => TOPICS[candidate].path === path);
  if (kind === undefined || (path.includes('+') && camera === undefined)) return undefined;
  return camera === undefined ? { fleet, device, kind } : { fleet, device, kind, camera };
}

const PARSERS = Object.fromEntries(
  TOPIC_KINDS.map((kind) => [kind, createJsonParser(TOPICS[kind].schema, `message ${TOPICS[kind].path}`)]),
) as Readonly<Record<TopicKind, Parse<TSchema>>>;

/**
 * The payload of a topic, checked against its schema.
 * @throws AppError MESSAGE_INVALID
 */
export function parsePayload<K extends TopicKind>(kind: K, bytes: Uint8Array | string): Payload<K> {
  return PARSERS[kind](bytes) as Payload<K>;
}
