import type { GpuReading } from '../port.ts';
import { parseNumber } from '../sys/parse-number.ts';

/** The columns asked of nvidia-smi, in the order `parseGpuLine` reads them. */
export const GPU_COLUMNS =
  'index,name,utilization.gpu,memory.used,temperature.gpu,clocks.current.graphics,clocks.max.graphics';
const COLUMN_COUNT = GPU_COLUMNS.split(',').length;

/** One line of `nvidia-smi --format=csv,noheader,nounits`: percent, MiB, degrees, MHz; `[N/A]` where a card has none. */
export function parseGpuLine(
  line: string,
): { readonly index: number; readonly reading: GpuReading } | undefined {
  const fields = line.split(',').map((field) => field.trim());
  const [index, name, percent, mebibytes, ...more] = fields;
  if (fields.length !== COLUMN_COUNT || index === undefined || !/^\d+$/.test(index) || !name)
    return undefined;
  const load = parseNumber(percent);
  const memory = parseNumber(mebibytes);
  const [celsius, frequencyMhz, maxFrequencyMhz] = more.map(parseNumber);
  const reading = {
    name,
    ...(load !== undefined && { load01: Math.min(1, load / 100) }),
    ...(memory !== undefined && { memoryUsedBytes: Math.round(memory * 1024 * 1024) }),
    ...(celsius !== undefined && { celsius }),
    ...(frequencyMhz !== undefined && { frequencyMhz }),
    ...(maxFrequencyMhz !== undefined && { maxFrequencyMhz }),
  };
  return { index: Number(index), reading };
}

/** The `load` file of a Jetson's graphics: per mille. */
export function parseJetsonLoad01(perMille: string): number | undefined {
  return /^\d{1,4}\s*$/.test(perMille) ? Math.min(1, Number(perMille) / 1000) : undefined;
}

/** Milliseconds a part of a graphics chip has slept, and when this was read. */
export interface Residency {
  readonly sleptMs: number;
  readonly atMs: number;
}

/**
 * Share of the time between two readings in which it did not sleep: an upper bound of its load, as a chip that waits a
 * little does not sleep at once. Undefined where it never sleeps (the state is switched off) and when the counter
 * began anew.
 */
export function computeAwake01(before: Residency | undefined, after: Residency): number | undefined {
  if (before === undefined || after.sleptMs === 0) return undefined;
  const passedMs = after.atMs - before.atMs;
  const sleptMs = after.sleptMs - before.sleptMs;
  if (passedMs <= 0 || sleptMs < 0) return undefined;
  return Math.min(1, Math.max(0, 1 - sleptMs / passedMs));
}
