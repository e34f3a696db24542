import { parseNumber } from './parse-number.ts';

/** Ticks of all cores since the machine started. */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal; guest time is part of user. */
export function parseCpuTicks(stat: string): CpuTicks | undefined {
  const fields = /^cpu\s+(.+)$/m.exec(stat)?.[1]?.trim().split(/\s+/).slice(0, 8).map(Number);
  if (fields === undefined || fields.length < 4 || fields.some(Number.isNaN)) return undefined;
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  const [, , , idle = 0, iowait = 0] = fields;
  return { busy: total - idle - iowait, total };
}

/** Share of the cores that worked between two readings. iowait may run backwards: the result stays in 0..1. */
export function computeLoad01(before: CpuTicks, after: CpuTicks): number {
  const total = after.total - before.total;
  if (total <= 0) return 0;
  return Math.min(1, Math.max(0, (after.busy - before.busy) / total));
}

export interface Memory {
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** /proc/meminfo. Kernels before 3.14 have no MemAvailable: free and cache stand in for it. */
export function parseMemory(meminfo: string): Memory | undefined {
  const bytes = (key: string): number | undefined => {
    const kib = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  };
  const totalBytes = bytes('MemTotal');
  if (totalBytes === undefined) return undefined;
  const reclaimable = (bytes('MemFree') ?? 0) + (bytes('Buffers') ?? 0) + (bytes('Cached') ?? 0);
  return { totalBytes, availableBytes: bytes('MemAvailable') ?? reclaimable };
}

/** A file of /proc/pressure: percent of the last ten seconds in which some task waited. */
export function parsePressureSome10(pressure: string): number | undefined {
  return parseNumber(/^some avg10=([\d.]+)/m.exec(pressure)?.[1]);
}

/** /proc/loadavg: mean length of the run queue over a minute. */
export function parseLoadAvg1(loadavg: string): number | undefined {
  return parseNumber(loadavg.split(' ')[0]);
}

/** /proc/uptime: seconds since the machine started. */
export function parseUptimeSec(uptime: string): number | undefined {
  return parseNumber(uptime.split(' ')[0]);
}

export interface NetworkBytes {
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Interfaces whose traffic passes another one too, or never leaves the box. */
const VIRTUAL = /^(lo|veth|docker|br-|virbr|cni|flannel|tun|tap|wg|bond|dummy)|\.\d+$/;

/** /proc/net/dev: bytes through the physical interfaces since the machine started. */
export function parseNetworkBytes(netDev: string): NetworkBytes | undefined {
  const interfaces = [...netDev.matchAll(/^\s*([^\s:|]+):\s*([\d ]+)$/gm)];
  if (interfaces.length === 0) return undefined;
  const physical = interfaces
    .filter(([, name = '']) => !VIRTUAL.test(name))
    .map(([, , counters = '']) => counters.trim().split(/\s+/).map(Number));
  return {
    rxBytes: physical.reduce((sum, counters) => sum + (counters[0] ?? 0), 0),
    txBytes: physical.reduce((sum, counters) => sum + (counters[8] ?? 0), 0),
  };
}

/** A temperature file of thermal zones and hwmon: thousandths of a degree. Sensors that are off report nonsense. */
export function parseCelsius(milliCelsius: string): number | undefined {
  const value = parseNumber(milliCelsius);
  if (value === undefined || value <= -60_000 || value > 250_000) return undefined;
  return value / 1000;
}

/** A point at which a kernel or a chip acts on a temperature; thousandths of a degree. */
export interface TripPoint {
  readonly type: string;
  readonly milliCelsius: string;
}

/** Temperatures outside it are those of a sensor that has no such point. */
const LIMIT_CELSIUS = { min: 40, max: 150 };

/** Where a machine begins to protect itself: the lowest of its passive, hot and critical points. Fans are `active`. */
export function findLimitCelsius(points: readonly TripPoint[]): number | undefined {
  const limits = points
    .filter(({ type }) => /^(passive|hot|critical)$/.test(type))
    .flatMap(({ milliCelsius }) => parseCelsius(milliCelsius) ?? [])
    .filter((celsius) => celsius >= LIMIT_CELSIUS.min && celsius <= LIMIT_CELSIUS.max);
  return limits.length === 0 ? undefined : Math.min(...limits);
}
