import type { Static, TSchema } from 'typebox';
import { sharedError } from './kernel/errors.ts';
import { isId } from './kernel/ids.ts';
import { createJsonParser, type Parse } from './kernel/parse.ts';
import { Birth } from './messages/birth.ts';
import { CameraState, CameraStats, CameraStatus } from './messages/camera.ts';
import { CommandReply, CommandRequest, isCommandName } from './messages/command.ts';
import { DesiredConfig, ReportedConfig } from './messages/config-document.ts';
import { DeploymentChange } from './messages/deployment.ts';
import { Receipt } from './messages/durable.ts';
import { CameraEvent } from './messages/event.ts';
import { DesiredModel, ReportedModel } from './messages/model-document.ts';
import { DeviceStatus } from './messages/status.ts';
import { Telemetry } from './messages/telemetry.ts';

/** One row of the topic table: path below the device root (`+` is what it is about), direction, delivery, payload. */
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
  command: topic('cmd/+', 'down', { qos: 1 }, CommandRequest),
  commandReply: topic('cmd/+/res', 'up', { qos: 1 }, CommandReply),
} as const;

export type TopicKind = keyof typeof TOPICS;
export type Payload<K extends TopicKind> = Static<(typeof TOPICS)[K]['schema']>;
export type CameraTopicKind = Extract<TopicKind, `camera${string}`>;
export const TOPIC_KINDS = Object.keys(TOPICS) as readonly TopicKind[];

export interface DeviceAddress {
  readonly fleet: string;
  readonly device: string;
}

/** What a topic name says: `camera` for the topics of a camera, `command` (its name) for those of a command. */
export interface TopicAddress extends DeviceAddress {
  readonly kind: TopicKind;
  readonly camera?: string;
  readonly command?: string;
}

/** What stands for the `+` of a path, by the first level of the path. */
const SUBJECTS: Readonly<
  Record<string, { readonly field: 'camera' | 'command'; is(text: string): boolean }>
> = {
  cam: { field: 'camera', is: isId },
  cmd: { field: 'command', is: isCommandName },
};
const subjectOf = (path: string) => (path.includes('+') ? SUBJECTS[path.split('/', 1)[0] ?? ''] : undefined);

/** What the topics of this kind are about, beside their device. */
export const topicSubject = (kind: TopicKind): 'camera' | 'command' | undefined =>
  subjectOf(TOPICS[kind].path)?.field;

const PREFIX = 'watchpost/v1';

/** `watchpost/v1/<fleet>/<device>` */
export function deviceRoot({ fleet, device }: DeviceAddress): string {
  return `${PREFIX}/${fleet}/${device}`;
}

/** @throws AppError TOPIC_INVALID for an id that does not fit, or a topic without its camera or command */
export function formatTopic(address: TopicAddress): string {
  const { kind } = address;
  const wrong = [address.fleet, address.device].find((id) => !isId(id));
  if (wrong !== undefined) throw sharedError('TOPIC_INVALID', `topic ${kind}: "${wrong}" is not an id`);
  const { path } = TOPICS[kind];
  const subject = subjectOf(path);
  for (const field of ['camera', 'command'] as const) {
    const name = address[field];
    if ((name !== undefined) !== (field === subject?.field))
      throw sharedError(
        'TOPIC_INVALID',
        `topic ${kind}: ${name === undefined ? 'needs' : 'has no'} ${field}`,
      );
    if (name !== undefined && subject?.is(name) !== true)
      throw sharedError('TOPIC_INVALID', `topic ${kind}: "${name}" is not a ${field}`);
  }
  const name = subject === undefined ? '' : (address[subject.field] ?? '');
  return `${deviceRoot(address)}/${path.replace('+', name)}`;
}

/** @returns undefined for a name that is not in the tree */
export function parseTopic(name: string): TopicAddress | undefined {
  const [root, version, fleet, device, ...rest] = name.split('/');
  if (`${root}/${version}` !== PREFIX || fleet === undefined || device === undefined) return undefined;
  if (!isId(fleet) || !isId(device)) return undefined;
  const [room = '', about, ...below] = rest;
  const subject = Object.hasOwn(SUBJECTS, room) ? SUBJECTS[room] : undefined;
  if (subject === undefined || about === undefined) return findKind(rest, { fleet, device });
  if (!subject.is(about)) return undefined;
  return findKind([room, '+', ...below], { fleet, device, [subject.field]: about });
}

function findKind(path: readonly string[], found: Omit<TopicAddress, 'kind'>): TopicAddress | undefined {
  const text = path.join('/');
  const kind = TOPIC_KINDS.find((candidate) => TOPICS[candidate].path === text);
  return kind === undefined ? undefined : { ...found, kind };
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
