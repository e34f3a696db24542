/** What issue and README promise, by the names of the JSON line. Every one is an upper bound but those of `atLeast`. */
export const TARGETS = {
  inferFp32: { what: 'session.run p50 / native model time of the same runs, fp32', target: 1.05 },
  inferInt8: { what: 'session.run p50 / native model time of the same runs, int8', target: 1.05 },
  pipelineFloor: { what: 'CPU per 1080p frame, int8 / floor', target: 1.1 },
  pipelineOpencv: { what: 'CPU per 1080p frame / OpenCV, same fp32 model', target: 0.45 },
  pipelineOpencvInt8: { what: 'CPU per 1080p frame, int8 / OpenCV, fp32', target: 0.33 },
  idleCpu: { what: 'CPU of 4 cameras 360p at 5 fps / ffmpeg alone + pure inference time', target: 1.25 },
  idleScene: { what: 'CPU of an idle scene / same with motion', target: 0.35 },
  loopDelayP99Ms: { what: 'event-loop delay p99 of the control process, full load (ms)', target: 20 },
  captureToDecisionP95Ms: { what: 'capture to decision p95, camera at 25 fps (ms)', target: 120 },
  cameras360p: { what: 'cameras 360p at 5 fps without a dropped frame', target: 20, atLeast: true },
  cameras1080p: { what: 'cameras 1080p at 5 fps without a dropped frame', target: 5, atLeast: true },
  memoryMb: { what: 'RSS of control process + inference child (MB)', target: 190 },
  memorySlope: {
    what: 'growth of that memory over the run beyond its noise (MB)',
    target: 0,
  },
  coldStartSec: { what: 'spawn of the agent to the first classified frame (s)', target: 2.5 },
} as const satisfies Readonly<
  Record<string, { readonly what: string; readonly target: number; readonly atLeast?: true }>
>;
export type TargetName = keyof typeof TARGETS;

/** One measured number; those that a target speaks of name it. */
export interface Figure {
  readonly subject: string;
  readonly what: string;
  /** Undefined: it could not be measured, and `note` says why. */
  readonly value: number | undefined;
  readonly note?: string;
  readonly target?: TargetName;
}

export interface TargetResult {
  readonly value: number | null;
  readonly target: number;
  readonly met: boolean;
  readonly why?: string;
}

/** The content of the JSON line. */
export function judgeTargets(figures: readonly Figure[]): Readonly<Record<string, TargetResult>> {
  return Object.fromEntries(
    figures.flatMap((figure): [string, TargetResult][] =>
      figure.target === undefined ? [] : [[figure.target, judge(figure.target, figure)]],
    ),
  );
}

function judge(name: TargetName, { value, note }: Figure): TargetResult {
  const { target } = TARGETS[name];
  if (value !== undefined) return { value: round(value), target, met: isMet(name, value) };
  return { value: null, target, met: false, ...(note !== undefined && { why: note }) };
}

export function isMet(name: TargetName, value: number): boolean {
  const target: { readonly target: number; readonly atLeast?: true } = TARGETS[name];
  return target.atLeast ? value >= target.target : round(value) <= target.target;
}

/** The table on standard output: a line for each figure. */
export function formatFigures(figures: readonly Figure[]): string {
  return figures.map((figure) => `${formatFigure(figure)}\n`).join('');
}

function formatFigure({ subject, what, value, note, target }: Figure): string {
  const number = value === undefined ? '-' : String(round(value));
  const verdict = target === undefined || value === undefined ? '' : formatVerdict(target, value);
  const line = `${subject.padEnd(10)} ${what.padEnd(76)} ${number.padStart(9)}  ${verdict}`.trimEnd();
  return note === undefined ? line : `${line}\n${' '.repeat(11)}(${note})`;
}

function formatVerdict(name: TargetName, value: number): string {
  const target: { readonly target: number; readonly atLeast?: true } = TARGETS[name];
  return `${isMet(name, value) ? 'met' : 'MISSED'} (${target.atLeast ? '>=' : '<='} ${target.target})`;
}

const round = (value: number): number => Number(value.toFixed(3));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
