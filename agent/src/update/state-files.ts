import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { ModelChoice } from '@watchpost/shared/messages/deployment-findings.ts';
import Type, { type Static, type TSchema } from 'typebox';
import { type EventHistory, HISTORY_HOURS } from './event-history.ts';
import type { OrderMark } from './order-mark.ts';
import { END_PHASES, OPEN_PHASES } from './phases.ts';
import type { DeploymentRecord, KeptBundle } from './port.ts';
import { MAX_QUARANTINED, type Quarantine } from './quarantine.ts';
import type { Slots } from './slots.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Amount = Type.Number({ minimum: 0 });

const Slot = Type.Object(
  { digest: Sha256, deploymentId: Type.String(), choice: Type.Optional(ModelChoice) },
  closed,
);

export const parseSlots: (text: string) => Slots = createJsonParser(
  Type.Object(
    {
      champion: Type.Optional(Slot),
      challenger: Type.Optional(Slot),
      previous: Type.Optional(Slot),
    },
    closed,
  ),
  'slots',
);

const baseline = {
  framesCaptured: Count,
  framesClassified: Count,
  p95SumMs: Amount,
  p95Readings: Count,
  celsiusSum: Type.Number(),
  celsiusReadings: Count,
} as const;

const Watched = Type.Object(
  {
    ...baseline,
    spentMs: Amount,
    agentRestarts: Count,
    framesFailed: Count,
    childRestarts: Count,
    hotMs: Amount,
    hottestMs: Amount,
    events: Count,
    expectedEvents: Amount,
  },
  closed,
);

export const parseDeploymentRecord: (text: string) => DeploymentRecord = createJsonParser(
  Type.Object(
    {
      deploymentId: Type.String(),
      digest: Sha256,
      phase: Type.Enum([...OPEN_PHASES, ...END_PHASES]),
      trials: Count,
      transitions: Count,
      choice: Type.Optional(ModelChoice),
      softUntilMs: Type.Optional(Type.Integer()),
      baseline: Type.Optional(Type.Object(baseline, closed)),
      watched: Type.Optional(Watched),
      why: Type.Optional(Type.Object({ reason: Type.String(), detail: Type.String() }, closed)),
    },
    closed,
  ),
  'deployment',
);

export const parseKept: (text: string) => KeptBundle = createJsonParser(
  Type.Object({ digest: Sha256, deploymentId: Type.String() }, closed),
  'kept bundle',
);

export const parseOrderMark: (text: string) => OrderMark = createJsonParser(
  Type.Object(
    { counter: Type.Integer({ minimum: 1 }), deploymentId: Type.String(), nonce: Type.String() },
    closed,
  ),
  'newest order',
);

export const parseQuarantine: (text: string) => Quarantine = listParser(
  Type.Object(
    {
      digest: Sha256,
      code: Type.String(),
      detail: Type.String(),
      deploymentId: Type.String(),
      atMs: Type.Integer(),
    },
    closed,
  ),
  MAX_QUARANTINED,
  'quarantine',
);

export const parseHistory: (text: string) => EventHistory = listParser(
  Type.Object({ hour: Type.Integer(), events: Count, coveredSec: Amount }, closed),
  HISTORY_HOURS,
  'history of events',
);

function listParser<Item extends TSchema>(
  item: Item,
  maxItems: number,
  what: string,
): (text: string) => readonly Static<Item>[] {
  const parse = createJsonParser(Type.Object({ entries: Type.Array(item, { maxItems }) }, closed), what);
  return (text) => parse(text).entries;
}

export async function saveRecord(path: string, record: object): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(record)}\n`);
}
