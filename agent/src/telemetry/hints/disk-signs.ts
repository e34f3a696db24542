import type { HintPoint } from './hint-point.ts';
import { computeTrend } from './robust-trend.ts';
import { DAY_SEC, DAY_SPAN_SEC, MB, type Sign, scoreOf, since, spanOf } from './sign.ts';

const WORN01 = 0.8;
/** Scores of what an eMMC says of its spare blocks. */
const SPARE_SCORES = { normal: 0, warning: 1, urgent: 1 / WORN01 } as const;

export function findWear({ disk }: HintPoint): readonly Sign[] {
  const { name, lifeUsed01, endOfLife } = disk;
  if (name === undefined || (lifeUsed01 === undefined && endOfLife === undefined)) return [];
  const life =
    lifeUsed01 === undefined ? '' : ` about ${(lifeUsed01 * 100).toFixed(0)} % of its life is over;`;
  const spare = endOfLife === undefined ? '' : ` its spare blocks: ${endOfLife};`;
  return [
    {
      code: 'disk_worn',
      subject: name,
      score: Math.max((lifeUsed01 ?? 0) / WORN01, SPARE_SCORES[endOfLife ?? 'normal']),
      severity: 'warning',
      urgentAt: 1 / WORN01,
      evidence: { ...(lifeUsed01 !== undefined && { lifeUsed01 }) },
      text: `${name}:${life}${spare} replace it soon.`,
    },
  ];
}

/**
 * What may be written a day, as a share of the capacity, for a life of five years: erase cycles / write amplification /
 * days (the form of JEDEC JESD218's TBW), with 500, 1500 and 2200 cycles and an amplification of 4, which is much for
 * a card that is mostly full of small writes. An assumption about cheap memory: hence a notice, not a warning.
 */
const WRITE_BUDGET01 = { sd: 0.07, emmc: 0.2, ssd: 0.3 } as const;

export function findWrites(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const { name, kind, totalBytes } = last.disk;
  if (name === undefined || kind === undefined || kind === 'rotating') return [];
  const [first = last] = since(history, last, DAY_SEC);
  const passedSec = last.atSec - first.atSec;
  const budgetBytesPerDay = totalBytes * WRITE_BUDGET01[kind];
  if (passedSec < DAY_SPAN_SEC || budgetBytesPerDay <= 0) return [];
  const writtenBytesPerDay = ((last.writtenBytes - first.writtenBytes) / passedSec) * DAY_SEC;
  return [
    {
      code: 'disk_writes',
      subject: name,
      score: writtenBytesPerDay / budgetBytesPerDay,
      severity: 'notice',
      urgentAt: 4,
      evidence: { writtenBytesPerDay, budgetBytesPerDay },
      text: `${(writtenBytesPerDay / MB).toFixed(0)} MB a day are written to ${name}, which lasts five years with ${(budgetBytesPerDay / MB).toFixed(0)}. See what writes: logs, pictures, a swap file.`,
    },
  ];
}

const TREND_TAU = 0.5;
const FULL_DAYS = 14;
const FULL_URGENT_DAYS = 3;

export function findFilling(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const points = since(history, last, DAY_SEC).map(({ atSec, disk }) => ({ x: atSec, y: disk.freeBytes }));
  const trend = spanOf(points) < DAY_SPAN_SEC ? undefined : computeTrend(points);
  if (trend === undefined || last.disk.totalBytes === 0) return [];
  const bytesPerDay = -trend.slope * DAY_SEC;
  const isFilling = trend.tau <= -TREND_TAU && bytesPerDay > 0;
  const daysLeft = isFilling ? last.disk.freeBytes / bytesPerDay : Infinity;
  return [
    {
      code: 'disk_filling',
      score: isFilling ? scoreOf(FULL_DAYS, daysLeft) : 0,
      severity: 'warning',
      urgentAt: FULL_DAYS / FULL_URGENT_DAYS,
      evidence: {
        freeBytes: last.disk.freeBytes,
        bytesPerDay,
        ...(Number.isFinite(daysLeft) && { daysLeft }),
      },
      text: `${(bytesPerDay / MB).toFixed(0)} MB of the disk are taken a day: it is full in about ${daysLeft.toFixed(1)} days. See what grows (\`du -x /\`).`,
    },
  ];
}
