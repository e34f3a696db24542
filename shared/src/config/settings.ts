import Type, { type Static } from 'typebox';
import { ACCELERATORS } from '../bundle/providers.ts';
import { ID_PATTERN } from '../kernel/ids.ts';

/**
 * The settings of a box that its fleet may change, each with its type, default, range, unit and meaning: the agent's own
 * file has them too. `restart: true` marks what counts only after a restart of the agent; the rest counts at once.
 */
const closed = { additionalProperties: false } as const;
const section = { ...closed, default: {} } as const;
const sectionAtStart = { ...section, restart: true } as const;

const Share01 = Type.Number({ minimum: 0, maximum: 1 });

const areaFields = {
  x01: Share01,
  y01: Share01,
  width01: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
  height01: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
};

/** A part of a camera's picture, from the top left, as shares of its sides. */
export const Area = Type.Object(areaFields, closed);
export type Area = Readonly<Static<typeof Area>>;

/** A part of the picture that is classified on its own; its id goes into its events. */
export const Region = Type.Object(
  {
    id: Type.String({ pattern: ID_PATTERN, description: 'id of this region, part of its events' }),
    ...areaFields,
  },
  closed,
);
export type Region = Readonly<Static<typeof Region>>;

/** When a camera is worth a look of the model. */
export const MotionSettings = Type.Object(
  {
    gate: Type.Enum(['auto', 'on', 'off'], {
      default: 'auto',
      description: 'classify only while something moves; auto: for cameras, not for recordings',
    }),
    minShare01: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.004,
      description: 'share of the picture that has to change to count as motion',
    }),
    holdSec: Type.Number({
      minimum: 1,
      maximum: 600,
      default: 10,
      description: 'how long after the last motion every frame is still classified',
    }),
    lookSec: Type.Number({
      minimum: 1,
      maximum: 3600,
      default: 5,
      description: 'pace of single looks while nothing moves',
    }),
    keyframes: Type.Boolean({
      default: true,
      description: 'while nothing moves, decode only the keyframes of the stream',
    }),
  },
  section,
);
export type MotionSettings = Readonly<Static<typeof MotionSettings>>;

/** One camera. Exactly one source: `url`, `stillUrl`, `device`, `webcam`, `file` or `folder`. */
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
    stillUrl: Type.Optional(
      Type.String({
        pattern: '^https?://',
        description: 'address that gives one JPEG at each request, asked `fps` times a second',
      }),
    ),
    device: Type.Optional(
      Type.String({ pattern: '^/dev/', description: 'V4L2 device, for example /dev/video0' }),
    ),
    webcam: Type.Optional(
      Type.String({
        pattern: '^/dev/',
        description: 'still camera, asked for one picture after the other by fswebcam',
      }),
    ),
    file: Type.Optional(Type.String({ description: 'video file' })),
    folder: Type.Optional(
      Type.String({ description: 'folder of videos and pictures, played in the order of their names' }),
    ),
    pace: Type.Enum(['realtime', 'full'], {
      default: 'realtime',
      description: 'a file or folder is played as fast as it was recorded, or as fast as it is classified',
    }),
    loop: Type.Boolean({ default: false, description: 'play the file or folder again when it ends' }),
    credentialsFile: Type.Optional(
      Type.String({ description: 'file with `user:password`, readable by the agent only' }),
    ),
    rtspTransport: Type.Enum(['tcp', 'udp'], { default: 'tcp', description: 'how RTSP media travel' }),
    fps: Type.Number({ minimum: 0.2, maximum: 30, default: 5, description: 'frames classified per second' }),
    decode: Type.Enum(['auto', 'software', 'vaapi', 'cuda', 'v4l2m2m', 'rkmpp'], {
      default: 'auto',
      description: 'what decodes the video; auto: what costs the least CPU here, measured at the start',
    }),
    masks: Type.Array(Area, {
      default: [],
      maxItems: 32,
      description: 'parts that are painted black before anything else sees the picture',
    }),
    regions: Type.Array(Region, {
      default: [],
      maxItems: 8,
      description: 'parts that are classified each on its own; default: the whole picture',
    }),
    view: Type.Enum(['frame', 'motion'], {
      default: 'frame',
      description: 'what the model sees: the picture as the model wants it, or the square around what moves',
    }),
    motion: MotionSettings,
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
          description:
            'its share of the frames there are to classify that it classifies, against the model before',
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
    accelerator: Type.Enum([...ACCELERATORS], {
      default: 'auto',
      description:
        'what runs models: auto measures all there is; one that is named is used where it can, else the processor',
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

/** Pictures of sightings, kept on the box. */
export const EvidenceSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'keep the pictures around the start of each sighting',
    }),
    preRollSec: Type.Number({
      minimum: 0,
      maximum: 10,
      default: 3,
      description: 'seconds before the sighting was decided that are kept',
    }),
    maxBytes: Type.Integer({
      minimum: 1024 * 1024,
      default: 512 * 1024 * 1024,
      description: 'what they may take of the disk; the oldest go first',
    }),
    maxAgeDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: 365,
      default: 7,
      description: 'older ones are removed',
    }),
    send: Type.Enum(['asked', 'always'], {
      default: 'asked',
      description: 'they leave the box when a person asks for them, or each as it is made',
    }),
  },
  section,
);
export type EvidenceSettings = Readonly<Static<typeof EvidenceSettings>>;

const celsius = (value: number, description: string) =>
  Type.Number({ minimum: 20, maximum: 150, default: value, description });

/** How the box slows down before it is too hot or too busy. */
export const GovernorSettings = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'classify fewer frames when the box is hot, throttled or behind',
    }),
    warmCelsius: celsius(75, 'from here on, three frames of five'),
    hotCelsius: celsius(80, 'from here on, keyframes only'),
    criticalCelsius: celsius(85, 'from here on, one camera at a time'),
    hysteresisCelsius: Type.Number({
      minimum: 1,
      maximum: 30,
      default: 5,
      description: 'so much cooler than a limit before the box goes faster again',
    }),
  },
  section,
);
export type GovernorSettings = Readonly<Static<typeof GovernorSettings>>;

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
