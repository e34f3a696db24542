import type { Telemetry } from '../api/client.ts';
import { formatBytes, formatDuration, formatNumber, formatPercent } from '../shell/format.ts';
import type { Frame, Point } from './sparkline-path.ts';

export interface Series {
  readonly name: string;
  readonly read: (sample: Telemetry) => number | undefined;
}

/** One tile of the telemetry panel. */
export interface Metric {
  readonly name: string;
  readonly series: readonly Series[];
  /** The top of the drawing is at least this, so that noise near zero does not look like a storm. */
  readonly topAtLeast: number;
  readonly format: (value: number) => string;
  /** A second line: what the curve does not say. */
  readonly note?: (sample: Telemetry) => string | undefined;
  /** True when a person should look at the note. */
  readonly alarm?: (sample: Telemetry) => boolean;
}

/** From here on a disk should be replaced. */
const WORN01 = 0.8;

export const METRICS: readonly Metric[] = [
  {
    name: 'CPU',
    series: [{ name: 'load', read: (sample) => sample.cpu.load01 }],
    topAtLeast: 1,
    format: formatPercent,
    note: ({ cpu }) => `load average ${formatNumber(cpu.loadAvg1, 2)}`,
  },
  {
    name: 'Memory',
    series: [{ name: 'used', read: ({ memory }) => usedShare01(memory.totalBytes, memory.availableBytes) }],
    topAtLeast: 1,
    format: formatPercent,
    note: ({ memory }) => `${processNote(memory)} · total ${formatBytes(memory.totalBytes)}`,
  },
  {
    name: 'Temperature',
    series: [
      { name: 'hottest', read: ({ temperatures }) => highest(temperatures.map((zone) => zone.celsius)) },
    ],
    topAtLeast: 100,
    format: (celsius) => `${formatNumber(celsius)} °C`,
    note: (sample) =>
      sample.throttled
        ? `slowed down by ${reasonsOf(sample) || 'heat or power'}`
        : sample.temperatures.map((zone) => zone.zone).join(', '),
    alarm: (sample) => sample.throttled,
  },
  {
    name: 'GPU',
    series: [{ name: 'load', read: ({ gpu }) => highest(gpu.flatMap((each) => each.load01 ?? [])) }],
    topAtLeast: 1,
    format: formatPercent,
    note: ({ gpu }) => gpu.map(gpuNote).join(', '),
  },
  {
    name: 'Pressure',
    series: [
      { name: 'CPU', read: ({ pressure }) => pressure?.cpuSome10 },
      { name: 'disk', read: ({ pressure }) => pressure?.ioSome10 },
    ],
    topAtLeast: 100,
    format: (percent) => `${formatNumber(percent)} %`,
    note: ({ pressure }) =>
      `tasks that wait${pressure?.memorySome10 ? ` · for memory ${formatNumber(pressure.memorySome10)} %` : ''}`,
  },
  {
    name: 'Network',
    series: [
      { name: 'in', read: ({ network }) => network.rxBytesPerSec },
      { name: 'out', read: ({ network }) => network.txBytesPerSec },
    ],
    topAtLeast: 10_000,
    format: (bytes) => `${formatBytes(bytes)}/s`,
  },
  {
    name: 'Disk',
    series: [{ name: 'used', read: ({ disk }) => usedShare01(disk.totalBytes, disk.freeBytes) }],
    topAtLeast: 1,
    format: formatPercent,
    note: diskNote,
    alarm: ({ disk }) => (disk.lifeUsed01 ?? 0) >= WORN01 || (disk.endOfLife ?? 'normal') !== 'normal',
  },
  {
    name: 'Outbox',
    series: [{ name: 'rows', read: ({ outbox }) => outbox.rows }],
    topAtLeast: 10,
    format: (rows) => `${formatNumber(rows)} ${rows === 1 ? 'row' : 'rows'}`,
    note: outboxNote,
    alarm: ({ outbox }) => outbox.dropped > 0,
  },
];

export function readPoints(series: Series, samples: readonly Telemetry[]): readonly Point[] {
  return samples.flatMap((sample) => {
    const value = series.read(sample);
    return value === undefined ? [] : { atMs: sample.tsMs, value };
  });
}

/** From the first sample to the last, and from zero to the highest value of any line. */
export function frameOf(lines: readonly (readonly Point[])[], topAtLeast: number): Frame {
  const points = lines.flat();
  const times = points.map((point) => point.atMs);
  return {
    fromMs: lowest(times) ?? 0,
    toMs: highest(times) ?? 0,
    min: 0,
    max: Math.max(topAtLeast, highest(points.map((point) => point.value)) ?? 0),
  };
}

/** Samples oldest first, each instant once, no more than `limit`, the newest kept. */
export function mergeSamples(
  known: readonly Telemetry[],
  more: readonly Telemetry[],
  limit: number,
): readonly Telemetry[] {
  const byTime = new Map([...known, ...more].map((sample) => [sample.tsMs, sample]));
  return [...byTime.values()].sort((a, b) => a.tsMs - b.tsMs).slice(-limit);
}

const reasonsOf = ({ throttleReasons = [] }: Telemetry): string =>
  throttleReasons.map((reason) => reason.replaceAll('_', ' ')).join(', ');

function gpuNote({ name, frequencyMhz }: Telemetry['gpu'][number]): string {
  return frequencyMhz === undefined ? name : `${name} at ${formatNumber(frequencyMhz)} MHz`;
}

/** What each program of the agent takes, of several processes of one program the sum. */
function processNote({ agentRssBytes, processes }: Telemetry['memory']): string {
  if (processes === undefined) return `agent ${formatBytes(agentRssBytes)}`;
  return [...Map.groupBy(processes, ({ name }) => name)]
    .map(([name, same]) => {
      const bytes = same.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
      return `${same.length > 1 ? `${same.length} ` : ''}${name} ${formatBytes(bytes)}`;
    })
    .join(', ');
}

function diskNote({ disk }: Telemetry): string {
  const { freeBytes, writtenBytesPerDay, lifeUsed01, endOfLife = 'normal' } = disk;
  return [
    `${formatBytes(freeBytes)} free`,
    ...(writtenBytesPerDay === undefined ? [] : [`${formatBytes(writtenBytesPerDay)} a day written`]),
    ...(lifeUsed01 === undefined ? [] : [`${formatPercent(lifeUsed01)} of its life over`]),
    ...(endOfLife === 'normal' ? [] : [`spare blocks: ${endOfLife}`]),
  ].join(' · ');
}

/** What was lost, by what it was where that is known: a lost event weighs more than a lost reading. */
function droppedNote({ dropped, droppedByStream = {} }: Telemetry['outbox']): string {
  const streams = Object.entries(droppedByStream).filter(([, count]) => count > 0);
  const apart = streams.map(([stream, count]) => `${formatNumber(count)} ${stream}`).join(', ');
  return `${formatNumber(dropped)} dropped${apart && ` (${apart})`}: the outbox was full`;
}

function outboxNote({ outbox }: Telemetry): string | undefined {
  if (outbox.dropped > 0) return droppedNote(outbox);
  return outbox.rows > 0 ? `oldest ${formatDuration(outbox.oldestSec * 1000)}` : 'all delivered';
}

function usedShare01(totalBytes: number, freeBytes: number): number | undefined {
  return totalBytes > 0 ? (totalBytes - freeBytes) / totalBytes : undefined;
}

function highest(values: readonly number[]): number | undefined {
  return values.length > 0 ? Math.max(...values) : undefined;
}

function lowest(values: readonly number[]): number | undefined {
  return values.length > 0 ? Math.min(...values) : undefined;
}
