import Type, { type Static } from 'typebox';
import { ID_PATTERN } from '../kernel/ids.ts';

/**
 * The settings of a box that its fleet may change, each with its type, default, range, unit and meaning: the agent's own
 * file has them too. `restart: true` marks what counts only after a restart of the agent; the rest counts at once.
 */
const closed = { additionalProperties: false } as const;
const section = { ...closed, default: {} } as const;
const sectionAtStart = { ...section, restart: true } as const;

/** One camera. Exactly one source: `url` (rtsp, rtsps, http, https), `device` (V4L2) or `file`. */
export const CameraConfig = Type.Object(
  {
    id: Type.String({ pattern: ID_PATTERN, description: 'id of this camera, part of its topics' }),
    name: Type.Optional(Type.String({ description: 'what people call this camera; default: its id' })),
    url: Type.Optional(
      Type.String({
        pattern: '^(rtsps?|https?)://',
        description: 'RTSP stream or HTTP MJPEG stream, without credentials',
      }),
    ),
    device: Type.Optional(
      Type.String({ pattern: '^/dev/', description: 'V4L2 device, for example /dev/video0' }),
    ),
    file: Type.Optional(Type.String({ description: 'video file, played at real-time pace' })),
    loop: Type.Boolean({ default: false, description: 'play the file again when it ends' }),
    credentialsFile: Type.Optional(
      Type.String({ description: 'file with `user:password`, readable by the agent only' }),
    ),
    rtspTransport: Type.Enum(['tcp', 'udp'], { default: 'tcp', description: 'how RTSP media travel' }),
    fps: Type.Number({ minimum: 0.2, maximum: 30, default: 5, description: 'frames classified per second' }),
  },
  closed,
);
export type CameraConfig = Readonly<Static<typeof CameraConfig>>;

/** How models come to the box. */
export const UpdateSettings = Type.Object(
  {
    maxBytesPerSec: Type.Optional(
      Type.Integer({
        minimum: 1024,
        description: 'what downloads may take of the line, all together; default: no limit',
      }),
    ),
    minBytesPerSec: Type.Integer({
      minimum: 1,
      default: 1024,
      description: 'a download slower than this over a minute is begun again',
    }),
    maxDiskBytes: Type.Integer({
      minimum: 1024 * 1024,
      default: 2 * 1024 * 1024 * 1024,
      description: 'what models may take of the disk, downloads included',
    }),
    shadow: Type.Object(
      {
        frames: Type.Integer({
          minimum: 0,
          default: 200,
          description: 'frames a new model classifies beside the old one before the switch; 0: none',
        }),
        minutes: Type.Number({
          minimum: 0,
          maximum: 1440,
          default: 10,
          description: 'longest time for them',
        }),
        share01: Type.Number({
          exclusiveMinimum: 0,
          maximum: 1,
          default: 0.25,
          description: 'share of the time in which the new model may run beside the old one',
        }),
        minAgreement01: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0,
          description: 'a new model that agrees on fewer frames is not switched to',
        }),
      },
      section,
    ),
    probation: Type.Object(
      {
        minutes: Type.Number({
          minimum: 0,
          maximum: 1440,
          default: 10,
          description: 'how long a new model is watched before it stays',
        }),
        maxErrors01: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.02,
          description: 'share of frames it may fail on',
        }),
        maxLatencyRatio: Type.Number({
          minimum: 1,
          default: 3,
          description: 'its p95 latency against that of the model before',
        }),
        minPaceRatio: Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.8,
          description: 'its share of captured frames that are classified, against the model before',
        }),
        maxCelsius: Type.Number({
          minimum: 20,
          maximum: 150,
          default: 90,
          description: 'hottest temperature of the box',
        }),
        maxEventRatio: Type.Number({
          minimum: 1,
          default: 5,
          description: "its events against this box's own past, upwards and downwards",
        }),
        maxChildRestarts: Type.Integer({
          minimum: 0,
          default: 2,
          description: 'how often its process may end',
        }),
        maxAgentRestarts: Type.Integer({
          minimum: 0,
          default: 3,
          description: 'how often the agent may be started meanwhile',
        }),
      },
      section,
    ),
  },
  sectionAtStart,
);
export type UpdateSettings = Readonly<Static<typeof UpdateSettings>>;

/** How models run. */
export const InferenceSettings = Type.Object(
  {
    threads: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        description: 'threads of one model run; default: what is fastest on this box',
      }),
    ),
    maxMemoryBytes: Type.Integer({
      minimum: 128 * 1024 * 1024,
      default: 768 * 1024 * 1024,
      description: 'a model whose process takes more is started again, or refused when it is new',
    }),
    spinning: Type.Boolean({ default: false, description: 'busy-wait between runs: faster, burns CPU' }),
  },
  sectionAtStart,
);
export type InferenceSettings = Readonly<Static<typeof InferenceSettings>>;

/** What waits for the server. */
export const OutboxSettings = Type.Object(
  {
    maxBytes: Type.Integer({
      minimum: 65_536,
      default: 64 * 1024 * 1024,
      description: 'cap of what waits for the server; telemetry is dropped first, events last',
    }),
  },
  sectionAtStart,
);
export type OutboxSettings = Readonly<Static<typeof OutboxSettings>>;

/** What the box tells of itself. */
export const TelemetrySettings = Type.Object(
  {
    intervalSec: Type.Number({
      minimum: 1,
      maximum: 3600,
      default: 10,
      description: 'pace of live samples',
    }),
    summarySec: Type.Number({
      minimum: 10,
      maximum: 3600,
      default: 60,
      description: 'window of a stored summary',
    }),
  },
  section,
);
export type TelemetrySettings = Readonly<Static<typeof TelemetrySettings>>;

/** Pictures for people. */
export const PicturesSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'send the latest picture of each camera to the server',
    }),
    idleSec: Type.Number({
      minimum: 1,
      maximum: 86_400,
      default: 60,
      description: 'pace while nobody watches',
    }),
  },
  section,
);
export type PicturesSettings = Readonly<Static<typeof PicturesSettings>>;

/** What is written to the log. */
export const LogSettings = Type.Object(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error'], {
      default: 'info',
      description: 'least level that is logged',
    }),
  },
  section,
);
export type LogSettings = Readonly<Static<typeof LogSettings>>;
