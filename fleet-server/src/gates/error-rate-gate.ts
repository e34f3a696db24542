import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { DeviceWindow } from '../store/port.ts';
import { NOT_ENOUGH, readLimit } from './comparing-gates.ts';
import { countShareE } from './count-share.ts';
import { computeEffect, type Reading, windowsBefore, windowsSince } from './device-effects.ts';
import { asPoints, describeEffect } from './gate-words.ts';
import type { GateEvidence, RolloutGate } from './port.ts';
import { boundsOf, type Finding, judgeTested } from './tested-gate.ts';

const RESOLUTION = 0.001;
/** Wide: a new model may be ten times as bad. */
const CONCENTRATION = 1;
/** As many frames of the fleet's usual kind stand beside those of a device's own time before. */
const PRIOR_FRAMES = 1000;
const NO_ERRORS = 1e-6;

const framesOf = ({ framesClassified, framesFailed }: DeviceWindow): number =>
  framesClassified + framesFailed;

const reading: Reading = (window) => {
  const frames = framesOf(window);
  return frames === 0 ? undefined : { value: window.framesFailed / frames, weight: frames };
};

/**
 * Frames the model did not answer. Harm is what two tests agree on: one over devices, which holds however errors cluster
 * within a device, but takes their means for normal; and one over errors, which is exact for the few errors of a good
 * model, but takes them for independent. The smaller e-value is one as long as either test holds.
 */
export function createErrorRateGate(setting: GateSetting): RolloutGate {
  const limit = readLimit(setting);
  return {
    name: 'error_rate',
    judge: (evidence) => {
      const effect = computeEffect(evidence, reading, boundsOf(limit, RESOLUTION));
      if (effect === undefined) return judgeTested(setting, evidence, NOT_ENOUGH);
      const { basis } = effect;
      const words: Finding['words'] = (range) =>
        describeEffect({ effect, ...range }, { format: asPoints, limit, basis });
      const agreedE = basis === 'before' ? Infinity : computeCountE(evidence);
      return judgeTested(setting, evidence, { effect, limit, resolution: RESOLUTION, agreedE, words });
    },
  };
}

interface Counts {
  readonly failed: number;
  readonly frames: number;
}

/** Whether the executed devices have more than their share of all errors; the share is by frames and errors before. */
function computeCountE({ executed, control, bundleDigest }: GateEvidence): number {
  const sinceMs = executed.reduce((first, { orderedAtMs }) => Math.min(first, orderedAtMs), Infinity);
  const own = executed.map((device) => ({
    before: count(windowsBefore(device, device.orderedAtMs)),
    since: count(windowsSince(device, bundleDigest)),
  }));
  const others = control.map((device) => ({
    before: count(windowsBefore(device, sinceMs)),
    since: count(device.windows.filter(({ endedAtMs }) => endedAtMs > sinceMs)),
  }));
  const usual = rateOf(sum([...own, ...others].map(({ before }) => before)));
  const [ours, theirs] = [own, others].map((devices) => ({
    failed: sum(devices.map(({ since }) => since)).failed,
    expected: devices.reduce((total, device) => total + expect(device, usual), 0),
  }));
  if (ours === undefined || theirs === undefined || ours.expected === 0 || theirs.expected === 0) return 1;
  const expectedShare01 = ours.expected / (ours.expected + theirs.expected);
  if (ours.failed <= expectedShare01 * (ours.failed + theirs.failed)) return 0;
  return countShareE({
    own: ours.failed,
    others: theirs.failed,
    expectedShare01,
    concentration: CONCENTRATION,
  });
}

/** Errors of its frames since, at its own rate before. */
function expect(
  { before, since }: { readonly before: Counts; readonly since: Counts },
  usual: number,
): number {
  const rate = (before.failed + PRIOR_FRAMES * usual) / (before.frames + PRIOR_FRAMES);
  return since.frames * rate;
}

const rateOf = ({ failed, frames }: Counts): number =>
  Math.max(NO_ERRORS, frames === 0 ? 0 : failed / frames);

const count = (windows: readonly DeviceWindow[]): Counts =>
  sum(windows.map((window) => ({ failed: window.framesFailed, frames: framesOf(window) })));

const sum = (counts: readonly Counts[]): Counts =>
  counts.reduce(
    (total, { failed, frames }) => ({ failed: total.failed + failed, frames: total.frames + frames }),
    {
      failed: 0,
      frames: 0,
    },
  );
