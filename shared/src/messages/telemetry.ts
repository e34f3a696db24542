import Type, { type Static } from 'typebox';
import { Ratio01, Sha256, UnixMs } from '../kernel/ids.ts';
import { Slowdown } from './camera.ts';
import { durableFields } from './durable.ts';

/** New fields are optional: a server knows boxes of an earlier release by their absence. */
const closed = { additionalProperties: false } as const;
const Bytes = Type.Integer({ minimum: 0 });
const Frames = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** What one model did in one window, over all cameras of the box. */
export const InferenceWindow = Type.Object(
  {
    /** Of the bundle that ran. */
    digest: Sha256,
    framesCaptured: Frames,
    /**
     * Those that were the model's to classify: not those left out because nothing moved or the box was hot, and one for
     * each region of a camera. Absent from a box that classifies every frame it can.
     */
    framesDue: Type.Optional(Frames),
    framesClassified: Frames,
    /** Frames the model was given and did not answer. */
    framesFailed: Frames,
    /** p95 of its last frames; absent while they are too few. */
    inferP95Ms: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);
export type InferenceWindow = Static<typeof InferenceWindow>;

/** Percent of the last ten seconds in which some task waited for it; absent where the kernel does not measure it. */
const Some10 = Type.Optional(Type.Number({ minimum: 0 }));

/** A word of the agent, which may know more of them than its reader: `under_voltage`. */
const Word = Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' });

export const HintSeverity = Type.Enum(['notice', 'warning', 'urgent']);
export type HintSeverity = Static<typeof HintSeverity>;

/** A sign that something will fail if it goes on like this. */
export const Hint = Type.Object(
  {
    code: Word,
    /** What it is about, where there are several: a sensor, a disk. */
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    severity: HintSeverity,
    /** Since when, by the clock of the box. */
    sinceMs: UnixMs,
    /** What it was concluded from; units in the names. */
    evidence: Type.Record(Type.String({ maxLength: 40 }), Type.Number()),
    /** The same in words. */
    text: Type.String({ maxLength: 300 }),
  },
  closed,
);
export type Hint = Static<typeof Hint>;

const Disk = Type.Object(
  {
    totalBytes: Bytes,
    freeBytes: Bytes,
    /** Of the kernel, for the disk under the data directory: `mmcblk0`. */
    name: Type.Optional(Type.String({ maxLength: 64 })),
    kind: Type.Optional(Type.Enum(['emmc', 'sd', 'ssd', 'rotating'])),
    /** Share of the rated life that is over, as the disk says in tenths. */
    lifeUsed01: Type.Optional(Type.Number({ minimum: 0, maximum: 1.1 })),
    /** What an eMMC says of its spare blocks: 80 and 90 % of them are in use. */
    endOfLife: Type.Optional(Type.Enum(['normal', 'warning', 'urgent'])),
    /** By everybody, at the pace of this window. */
    writtenBytesPerDay: Type.Optional(Type.Number({ minimum: 0 })),
    /** By the agent itself. */
    agentWrittenBytesPerDay: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);

const telemetryFields = {
  tsMs: UnixMs,
  /** Seconds covered: 0 for a live sample, more for the mean of a summary. */
  windowSec: Type.Number({ minimum: 0 }),
  uptimeSec: Type.Number({ minimum: 0 }),
  cpu: Type.Object(
    {
      load01: Ratio01,
      loadAvg1: Type.Number({ minimum: 0 }),
      /** The same as `pressure.cpuSome10`. */
      pressureSome10: Some10,
    },
    closed,
  ),
  pressure: Type.Optional(Type.Object({ cpuSome10: Some10, ioSome10: Some10, memorySome10: Some10 }, closed)),
  gpu: Type.Array(
    Type.Object(
      {
        name: Type.String(),
        load01: Type.Optional(Ratio01),
        memoryUsedBytes: Type.Optional(Bytes),
        frequencyMhz: Type.Optional(Type.Number({ minimum: 0 })),
        /** What it may run at at most. */
        maxFrequencyMhz: Type.Optional(Type.Number({ minimum: 0 })),
      },
      closed,
    ),
  ),
  temperatures: Type.Array(
    Type.Object(
      {
        zone: Type.String(),
        celsius: Type.Number(),
        /** Where the machine begins to protect itself, as it says. */
        limitCelsius: Type.Optional(Type.Number()),
      },
      closed,
    ),
  ),
  memory: Type.Object(
    {
      totalBytes: Bytes,
      availableBytes: Bytes,
      agentRssBytes: Bytes,
      /** The agent and every process it started. */
      processes: Type.Optional(
        Type.Array(
          Type.Object(
            { name: Type.String({ minLength: 1, maxLength: 32 }), pid: Type.Integer(), rssBytes: Bytes },
            closed,
          ),
          { maxItems: 256 },
        ),
      ),
    },
    closed,
  ),
  disk: Disk,
  network: Type.Object(
    { rxBytesPerSec: Type.Number({ minimum: 0 }), txBytesPerSec: Type.Number({ minimum: 0 }) },
    closed,
  ),
  /** Slowed down by heat or want of power, at any time of the window. */
  throttled: Type.Boolean(),
  /** Why; not empty only where the machine tells. */
  throttleReasons: Type.Optional(Type.Array(Word, { maxItems: 16 })),
  /** What held it back since it was started, also long ago. */
  throttleReasonsSinceBoot: Type.Optional(Type.Array(Word, { maxItems: 16 })),
  clock: Type.Object({ synced: Type.Boolean(), offsetMs: Type.Optional(Type.Number()) }, closed),
  /** The box looks less often than it is set to; absent while it does not. */
  slowed: Type.Optional(Slowdown),
  /** In summaries only; absent where no model ran, or another one by the end than at the beginning. */
  inference: Type.Optional(InferenceWindow),
  /** What the summaries so far are signs of; absent, as no hints at all, from a box that does not look for them. */
  hints: Type.Optional(Type.Array(Hint, { maxItems: 32 })),
  outbox: Type.Object(
    {
      rows: Type.Integer({ minimum: 0 }),
      bytes: Bytes,
      oldestSec: Type.Number({ minimum: 0 }),
      /** Since the outbox file was made, with what a damaged one before it still held. */
      dropped: Type.Integer({ minimum: 0 }),
      /** The same of each stream, as far as they were counted apart; one that lost nothing may be absent. */
      droppedByStream: Type.Optional(
        Type.Object(
          {
            event: Type.Optional(Type.Integer({ minimum: 0 })),
            deployment: Type.Optional(Type.Integer({ minimum: 0 })),
            telemetry: Type.Optional(Type.Integer({ minimum: 0 })),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
};

/** Device -> fleet: one live sample (QoS 0), or the summary of a window (durable) when it has a `seq`. */
export const Telemetry = Type.Object(
  { ...telemetryFields, ...Type.Partial(Type.Object(durableFields)).properties },
  closed,
);
export type Telemetry = Static<typeof Telemetry>;
export type OutboxReport = Telemetry['outbox'];
