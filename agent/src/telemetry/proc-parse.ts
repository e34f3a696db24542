import type { GpuReading } from './port.ts';

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

/** /proc/pressure/cpu: percent of the last ten seconds in which some task waited for a core. */
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

/**
 * What a Raspberry Pi holds back, from `vcgencmd get_throttled` (`throttled=0x50005`) or its file in /sys (`50005`).
 * Bits 0-3: low voltage, clock capped, throttled, soft temperature limit, all now; the same from bit 16: since boot.
 */
export function parseThrottled(text: string): boolean | undefined {
  const hex = /^(?:throttled=)?(?:0x)?([0-9a-f]+)\s*$/i.exec(text)?.[1];
  return hex === undefined ? undefined : (Number.parseInt(hex, 16) & 0xf) !== 0;
}

/** The columns asked of nvidia-smi, in the order `parseGpuLine` reads them. */
export const GPU_COLUMNS = 'index,name,utilization.gpu,memory.used,temperature.gpu';

/** One line of `nvidia-smi --format=csv,noheader,nounits`: percent, MiB, degrees; `[N/A]` where a card has none. */
export function parseGpuLine(
  line: string,
): { readonly index: number; readonly reading: GpuReading } | undefined {
  const fields = line.split(',').map((field) => field.trim());
  const [index, name, percent, mebibytes, celsius] = fields;
  if (fields.length !== 5 || index === undefined || !/^\d+$/.test(index) || !name) return undefined;
  const load = parseNumber(percent);
  const memory = parseNumber(mebibytes);
  const temperature = parseNumber(celsius);
  const reading = {
    name,
    ...(load === undefined ? {} : { load01: Math.min(1, load / 100) }),
    ...(memory === undefined ? {} : { memoryUsedBytes: Math.round(memory * 1024 * 1024) }),
    ...(temperature === undefined ? {} : { celsius: temperature }),
  };
  return { index: Number(index), reading };
}

function parseNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  if (!trimmed) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}
