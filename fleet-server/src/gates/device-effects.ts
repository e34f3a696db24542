import type { DeviceWindow } from '../store/port.ts';
import type { DeviceEvidence, ExecutedDevice, GateEvidence } from './port.ts';

/** What a window says of what is measured, and how much it counts; undefined where it says nothing. */
export type Reading = (
  window: DeviceWindow,
) => { readonly value: number; readonly weight: number } | undefined;

/**
 * What the executed devices are compared with. `before_and_control`: how each changed since its order, less how the
 * control devices changed at the same time; `control`: the control devices, as too few have a time before; `before`: each
 * with its own time before, as there is no control to speak of.
 */
export type Basis = 'before_and_control' | 'control' | 'before';

/** Of a mean over devices. */
export interface Estimate {
  readonly estimate: number;
  /** Of the estimate: how devices scatter about it, whatever goes on inside one of them. */
  readonly variance: number;
  readonly freedom: number;
}

export interface Effect extends Estimate {
  readonly executed: number;
  readonly control: number;
  /**
   * The same with what a device adds capped. The cap can only lower the mean, so what is shown of it holds for the mean;
   * and a few devices that are far worse than the rest do not hide, by their scatter, that the rest are worse.
   */
  readonly capped: Estimate;
}

export interface Bounds {
  /** The least that devices are taken to scatter: no finer is measured. */
  readonly spread: number;
  /** As much as one device counts for in `capped`. */
  readonly cap: number;
}

/** Windows of a device that make a mean. */
const MIN_WINDOWS = 2;
/** Devices that make a comparison, and control devices that make a control. */
const MIN_DEVICES = 3;
const MIN_CONTROL = 2;

/** The windows in which the device ran the bundle of the order. */
export function windowsSince({ windows, orderedAtMs }: ExecutedDevice, digest: string): DeviceWindow[] {
  return windows.filter(
    (window) => window.digest === digest && window.endedAtMs - window.windowSec * 1000 >= orderedAtMs,
  );
}

export const windowsBefore = ({ windows }: DeviceEvidence, untilMs: number): DeviceWindow[] =>
  windows.filter(({ endedAtMs }) => endedAtMs <= untilMs);

/** The mean of the executed devices since their orders; undefined while it cannot be told. */
export function computeLevel(values: readonly number[], { spread, cap }: Bounds): Effect | undefined {
  if (values.length < MIN_DEVICES) return undefined;
  const of = (own: readonly number[]): Estimate => ({
    estimate: mean(own),
    variance: Math.max(varianceOf(own), spread ** 2) / own.length,
    freedom: own.length - 1,
  });
  const capped = of(values.map((value) => Math.min(value, cap)));
  return { ...of(values), executed: values.length, control: 0, capped };
}

export function readLevels({ executed, bundleDigest }: GateEvidence, reading: Reading): readonly number[] {
  return executed.flatMap((device) => meanReading(windowsSince(device, bundleDigest), reading) ?? []);
}

/** How much more of it there is with the bundle; undefined while it cannot be told. */
export function computeEffect(
  evidence: GateEvidence,
  reading: Reading,
  bounds: Bounds,
): (Effect & { readonly basis: Basis }) | undefined {
  const basis = isKnownBefore(evidence, reading) ? 'before_and_control' : 'control';
  const control = readControl(evidence, reading, basis);
  if (control.deviations.length < MIN_CONTROL) {
    const changes = readExecuted(evidence, reading, { basis: 'before', control });
    const level = computeLevel(changes, bounds);
    return level && { ...level, basis: 'before' };
  }
  const own = readExecuted(evidence, reading, { basis, control });
  if (own.length === 0 || own.length + control.deviations.length <= MIN_DEVICES) return undefined;
  const usual = mean(control.deviations);
  const capped = own.map((value) => Math.min(value, usual + bounds.cap));
  return {
    ...computeDifference(own, control.deviations, bounds),
    executed: own.length,
    control: control.deviations.length,
    capped: computeDifference(capped, control.deviations, bounds),
    basis,
  };
}

/** Whether at least half of those that have told of the bundle have told of the time before. */
function isKnownBefore({ executed, bundleDigest }: GateEvidence, reading: Reading): boolean {
  const heard = executed.filter((device) => isRead(windowsSince(device, bundleDigest), reading));
  const known = heard.filter((device) => isRead(windowsBefore(device, device.orderedAtMs), reading));
  return known.length * 2 >= heard.length;
}

const isRead = (windows: readonly DeviceWindow[], reading: Reading): boolean =>
  meanReading(windows, reading) !== undefined;

interface Control {
  /** What the control devices had at a time, each less its own mean before. */
  readonly at: ReadonlyMap<number, number>;
  /** One for each device: how far it is from the others since the first order. */
  readonly deviations: readonly number[];
}

function readControl(evidence: GateEvidence, reading: Reading, basis: Basis): Control {
  const { control, executed, bucketMs, bundleDigest } = evidence;
  const sinceMs = executed.reduce((first, { orderedAtMs }) => Math.min(first, orderedAtMs), Infinity);
  const devices = control.flatMap((device) => {
    const windows = device.windows.filter(({ digest }) => digest !== bundleDigest);
    const before =
      basis === 'control' ? 0 : meanReading(windowsBefore({ ...device, windows }, sinceMs), reading);
    return before === undefined ? [] : [{ windows, before }];
  });
  const sums = new Map<number, { sum: number; weight: number }>();
  for (const { windows, before } of devices) {
    for (const window of windows) {
      const read = reading(window);
      if (read === undefined) continue;
      const bucket = bucketOf(window, bucketMs);
      const sum = sums.get(bucket) ?? { sum: 0, weight: 0 };
      sums.set(bucket, { sum: sum.sum + (read.value - before), weight: sum.weight + 1 });
    }
  }
  const at = new Map([...sums].map(([bucket, { sum, weight }]) => [bucket, sum / weight]));
  const deviations = devices.flatMap(({ windows, before }) => {
    const since = windows.filter(({ endedAtMs }) => endedAtMs > sinceMs);
    return meanReading(since, lessControl(reading, at, { bucketMs, before })) ?? [];
  });
  return { at, deviations };
}

const bucketOf = ({ endedAtMs }: DeviceWindow, bucketMs: number): number => Math.floor(endedAtMs / bucketMs);

/** The reading less what the control devices had at the same time. */
function lessControl(
  reading: Reading,
  at: Control['at'],
  { bucketMs, before = 0 }: { readonly bucketMs: number; readonly before?: number },
): Reading {
  return (window) => {
    const read = reading(window);
    const control = at.get(bucketOf(window, bucketMs));
    if (read === undefined || control === undefined) return undefined;
    return { value: read.value - before - control, weight: read.weight };
  };
}

function readExecuted(
  evidence: GateEvidence,
  reading: Reading,
  { basis, control }: { readonly basis: Basis; readonly control: Control },
): readonly number[] {
  const { executed, bundleDigest, bucketMs } = evidence;
  const adjusted = basis === 'before' ? reading : lessControl(reading, control.at, { bucketMs });
  return executed.flatMap((device) => {
    const since = meanReading(windowsSince(device, bundleDigest), adjusted);
    const before = basis === 'control' ? 0 : meanReading(windowsBefore(device, device.orderedAtMs), adjusted);
    return since === undefined || before === undefined ? [] : [since - before];
  });
}

/** The larger of two variances: of devices alike in both groups, and of each group with a scatter of its own. */
function computeDifference(own: readonly number[], others: readonly number[], { spread }: Bounds): Estimate {
  const [n, m] = [own.length, others.length];
  const [ownVariance, otherVariance] = [varianceOf(own), varianceOf(others)];
  const shared = (ownVariance * (n - 1) + otherVariance * (m - 1)) / (n + m - 2);
  const pooled = Math.max(shared, spread ** 2) * (1 / n + 1 / m);
  const welch = n < 2 ? 0 : ownVariance / n + otherVariance / m;
  const estimate = mean(own) - mean(others);
  if (pooled >= welch) return { estimate, variance: pooled, freedom: n + m - 2 };
  const parts = (ownVariance / n) ** 2 / (n - 1) + (otherVariance / m) ** 2 / (m - 1);
  return { estimate, variance: welch, freedom: welch ** 2 / parts };
}

function meanReading(windows: readonly DeviceWindow[], reading: Reading): number | undefined {
  let sum = 0;
  let weight = 0;
  let count = 0;
  for (const window of windows) {
    const read = reading(window);
    if (read === undefined) continue;
    sum += read.value * read.weight;
    weight += read.weight;
    count += 1;
  }
  return count < MIN_WINDOWS || weight === 0 ? undefined : sum / weight;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function varianceOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
