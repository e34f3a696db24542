import type { ReplayedFrame } from './port.ts';

const TOP = 10;
const INPUT_COLUMNS = 34;
const LABEL_COLUMNS = 36;

export interface ReplaySummary {
  readonly frames: number;
  readonly perLabel: Readonly<Record<string, number>>;
  readonly meanInferMs: number;
  readonly p50InferMs: number;
  readonly p95InferMs: number;
  /** Frames per second of the whole replay: reading, scaling and inference. */
  readonly fps: number;
}

/** Labels as names: one that an earlier label already has gets its index. */
export function uniqueNames(labels: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return labels.map((label, index) => {
    const name = taken.has(label) ? `${label} (${index})` : label;
    taken.add(label);
    return name;
  });
}

/** The line of one frame. Probabilities are the highest ten, best first. */
export function frameRecord({ input, frame, prediction }: ReplayedFrame, names: readonly string[]): object {
  const best = prediction.probabilities
    .map((probability, index) => ({ name: names[index] ?? String(index), probability }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, TOP);
  return {
    input,
    frame,
    label: names[prediction.labelIndex] ?? prediction.label,
    probability: round(prediction.probability, 6),
    probabilities: Object.fromEntries(best.map((it) => [it.name, round(it.probability, 6)])),
    inferMs: round(prediction.inferMs, 3),
  };
}

/** What is kept of each frame for the summary. */
export interface Seen {
  readonly name: string;
  readonly inferMs: number;
}

export function summarise(seen: readonly Seen[], elapsedMs: number): ReplaySummary {
  const times = seen.map(({ inferMs }) => inferMs).toSorted((a, b) => a - b);
  const perLabel = new Map<string, number>();
  for (const { name } of seen) perLabel.set(name, (perLabel.get(name) ?? 0) + 1);
  const total = times.reduce((sum, value) => sum + value, 0);
  return {
    frames: seen.length,
    perLabel: Object.fromEntries([...perLabel].toSorted(([, a], [, b]) => b - a)),
    meanInferMs: round(total / Math.max(times.length, 1), 3),
    p50InferMs: round(quantile(times, 0.5), 3),
    p95InferMs: round(quantile(times, 0.95), 3),
    fps: elapsedMs > 0 ? round((seen.length * 1000) / elapsedMs, 1) : 0,
  };
}

/** Nearest rank. */
function quantile(sorted: readonly number[], ratio01: number): number {
  return sorted[Math.max(Math.ceil(sorted.length * ratio01) - 1, 0)] ?? 0;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

export const TABLE_HEADER = row('input', 'frame', 'label', 'p', 'ms');

export function frameRow({ input, frame, prediction }: ReplayedFrame, names: readonly string[]): string {
  const label = names[prediction.labelIndex] ?? prediction.label;
  return row(input, String(frame), label, prediction.probability.toFixed(3), prediction.inferMs.toFixed(1));
}

function row(
  ...[input = '', frame = '', label = '', probability = '', inferMs = '']: readonly string[]
): string {
  const name = input.length > INPUT_COLUMNS ? `…${input.slice(1 - INPUT_COLUMNS)}` : input;
  const text = label.length > LABEL_COLUMNS ? `${label.slice(0, LABEL_COLUMNS - 1)}…` : label;
  return [
    name.padEnd(INPUT_COLUMNS),
    frame.padStart(7),
    text.padEnd(LABEL_COLUMNS),
    probability.padStart(6),
    inferMs.padStart(7),
  ].join(' ');
}

export function summaryTable(summary: ReplaySummary): string {
  const counts = Object.entries(summary.perLabel).map(([name, count]) => {
    const share = ((count * 100) / summary.frames).toFixed(1);
    return `${String(count).padStart(8)} ${share.padStart(5)} %  ${name}`;
  });
  const times = `inference mean ${summary.meanInferMs} ms, p50 ${summary.p50InferMs}, p95 ${summary.p95InferMs}`;
  return ['', ...counts, `${summary.frames} frames, ${summary.fps} per second; ${times}`].join('\n');
}
