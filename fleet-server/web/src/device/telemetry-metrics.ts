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
    note: ({ memory }) =>
      `agent ${formatBytes(memory.agentRssBytes)} · total ${formatBytes(memory.totalBytes)}`,
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
        ? 'slowed down by heat or power'
        : sample.temperatures.map((zone) => zone.zone).join(', '),
    alarm: (sample) => sample.throttled,
  },
  {
    name: 'GPU',
    series: [{ name: 'load', read: ({ gpu }) => highest(gpu.flatMap((each) => each.load01 ?? [])) }],
    topAtLeast: 1,
    format: formatPercent,
    note: ({ gpu }) => gpu.map((each) => each.name).join(', '),
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
    note: ({ disk }) => `${formatBytes(disk.freeBytes)} free`,
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

function outboxNote({ outbox }: Telemetry): string | undefined {
  if (outbox.dropped > 0) return `${formatNumber(outbox.dropped)} dropped: the outbox was full`;
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
