import { AppError, sharedError } from '@watchpost/shared/kernel/errors.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { Durable, type Stream } from '@watchpost/shared/messages/durable.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { parsePayload, type TopicKind } from '@watchpost/shared/topics.ts';
import type { InboundMessage } from '../broker/port.ts';
import type { LiveReport } from '../devices/port.ts';
import type { DurableMessage, RejectedMessage } from '../store/port.ts';
import type { CommandReplyReport } from './port.ts';

/** What to do with a message of a device. */
export type Inbound =
  | { readonly kind: 'live'; readonly report: LiveReport }
  | { readonly kind: 'durable'; readonly message: DurableMessage }
  | { readonly kind: 'reply'; readonly reply: CommandReplyReport }
  | {
      readonly kind: 'invalid';
      readonly error: AppError;
      /** Present when its number can be read: it is receipted, so that the box does not send it for ever. */
      readonly rejected?: RejectedMessage;
    };

const STREAM_OF: Readonly<Partial<Record<TopicKind, Stream>>> = {
  cameraEvent: 'event',
  deployment: 'deployment',
  telemetry: 'telemetry',
};
/** As much of a rejected message, and of what is wrong with it, as is kept. */
const MAX_KEPT_CHARS = 16_384;
const MAX_PROBLEM_CHARS = 1_000;

const parseNumbers = createJsonParser(Durable, 'numbers of a durable message');

/** Parses a message, once. */
export function parseInbound(message: InboundMessage): Inbound {
  try {
    return parseValid(message);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const rejected = parseRejected(message, error);
    return rejected === undefined ? { kind: 'invalid', error } : { kind: 'invalid', error, rejected };
  }
}

function parseValid({ address, payload }: InboundMessage): Inbound {
  const { device: deviceId, camera = '', command = '' } = address;
  switch (address.kind) {
    case 'cameraEvent': {
      const body = parsePayload('cameraEvent', payload);
      return { kind: 'durable', message: { stream: 'event', deviceId, camera, body } };
    }
    case 'deployment': {
      const body = parsePayload('deployment', payload);
      return { kind: 'durable', message: { stream: 'deployment', deviceId, body } };
    }
    case 'telemetry':
      return sortTelemetry(deviceId, parsePayload('telemetry', payload));
    case 'commandReply':
      return {
        kind: 'reply',
        reply: { deviceId, name: command, body: parsePayload('commandReply', payload) },
      };
    case 'desiredModel':
    case 'desiredConfig':
    case 'receipt':
    case 'command':
      throw sharedError('TOPIC_INVALID', `device ${deviceId} published ${address.kind}, which it only reads`);
    default: {
      const body = parsePayload(address.kind, payload);
      return { kind: 'live', report: { kind: address.kind, deviceId, camera, body } as LiveReport };
    }
  }
}

/** A sample is live when it has no number at all. */
function sortTelemetry(deviceId: string, body: Telemetry): Inbound {
  if (isDurable(body)) return { kind: 'durable', message: { stream: 'telemetry', deviceId, body } };
  const { epoch, seq, firstSeq, historical } = body;
  if ([epoch, seq, firstSeq, historical].some((field) => field !== undefined)) {
    throw sharedError(
      'MESSAGE_INVALID',
      'message telemetry: needs all of epoch, seq, firstSeq, historical, or none',
    );
  }
  return { kind: 'live', report: { kind: 'telemetry', deviceId, body } };
}

const isDurable = (body: Telemetry): body is Telemetry & Durable =>
  [body.epoch, body.seq, body.firstSeq, body.historical].every((field) => field !== undefined);

function parseRejected({ address, payload }: InboundMessage, error: AppError): RejectedMessage | undefined {
  const stream = STREAM_OF[address.kind];
  if (stream === undefined) return undefined;
  const text = new TextDecoder().decode(payload);
  try {
    const { epoch, seq, firstSeq, historical } = parseNumbers(text);
    return {
      stream,
      deviceId: address.device,
      body: { epoch, seq, firstSeq, historical },
      problem: error.message.slice(0, MAX_PROBLEM_CHARS),
      payload: text.slice(0, MAX_KEPT_CHARS),
    };
  } catch (unreadable) {
    if (unreadable instanceof AppError) return undefined;
    throw unreadable;
  }
}
