import type { DeviceWindow } from '../../fleet-server/src/store/port.ts';
import { createDraws, type Draws } from './random.ts';

export const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
export const OLD_MODEL = 'a'.repeat(64);
export const NEW_MODEL = 'b'.repeat(64);

/** A fleet whose cameras differ, whose day has a night, and whose new model suits some cameras better than others. */
export interface CanaryWorldOptions {
  readonly seed: number;
  readonly canaries: number;
  readonly controls: number;
  readonly fps: number;
  /** Share of the frames the old model fails on, mean of the fleet. */
  readonly oldErrors01: number;
  /** The same of the new one. */
  readonly newErrors01: number;
}

/** How unlike things are: standard deviations of logarithms, unless named otherwise. */
const SPREAD = {
  /** Between the cameras: a third of them have less than 0.6 or more than 1.6 times the usual. */
  base: 0.5,
  /** How much better or worse the new model suits a camera than the fleet. */
  suits: 0.3,
  /** Of one camera within minutes; it lasts about ten of them. */
  wander: 0.1,
  keep: 0.9,
  /** Of all cameras together from one minute to the next: weather, light. */
  fleet: 0.03,
  dayAndNight: 0.3,
  latency: 0.3,
  latencySuits: 0.05,
  celsius: 4,
};
const LOST_WINDOWS01 = 0.02;
const USUAL_MS = 40;
const USUAL_CELSIUS = 55;
/** At night, of the frames of the day. */
const NIGHT_LOAD01 = 0.4;

interface Box {
  readonly base: number;
  readonly suits: number;
  readonly baseMs: number;
  readonly suitsMs: number;
  readonly celsius: number;
  wander: number;
  model: string;
}

export interface CanaryWorld {
  readonly deviceIds: readonly string[];
  readonly windowsOf: (deviceId: string) => readonly DeviceWindow[];
  /** The device changes models within the coming minute, of which it tells nothing. */
  switchModel(deviceId: string): void;
  /** The minute that ends at this time. */
  pass(endsAtMs: number): void;
}

export function createCanaryWorld(options: CanaryWorldOptions): CanaryWorld {
  const draws = createDraws(options.seed);
  const names = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const deviceIds = [...names('canary', options.canaries), ...names('control', options.controls)];
  const boxes = new Map(deviceIds.map((deviceId) => [deviceId, createBox(draws)]));
  const windows = new Map(deviceIds.map((deviceId): [string, DeviceWindow[]] => [deviceId, []]));
  const switching = new Set<string>();
  const startsAtMinute = draws.uniform() * DAY_MINUTES;
  let fleet = 0;
  return {
    deviceIds,
    windowsOf: (deviceId) => windows.get(deviceId) ?? [],
    switchModel: (deviceId) => void switching.add(deviceId),
    pass: (endedAtMs) => {
      const angle = ((endedAtMs / MINUTE_MS + startsAtMinute) / DAY_MINUTES) * 2 * Math.PI;
      fleet += draws.normal(SPREAD.fleet);
      const moment = { endedAtMs, angle, fleet: fleet + SPREAD.dayAndNight * Math.sin(angle) };
      for (const [deviceId, box] of boxes) {
        const window = passMinute(box, { options, draws, moment });
        if (switching.delete(deviceId)) box.model = NEW_MODEL;
        else if (draws.uniform() >= LOST_WINDOWS01) windows.get(deviceId)?.push(window);
      }
    },
  };
}

/** A factor with a mean of 1. */
const factor = (draws: Draws, sd: number): number => Math.exp(draws.normal(sd) - sd ** 2 / 2);

const createBox = (draws: Draws): Box => ({
  base: factor(draws, SPREAD.base),
  suits: factor(draws, SPREAD.suits),
  baseMs: USUAL_MS * factor(draws, SPREAD.latency),
  suitsMs: factor(draws, SPREAD.latencySuits),
  celsius: USUAL_CELSIUS + draws.normal(SPREAD.celsius),
  wander: 0,
  model: OLD_MODEL,
});

interface Moment {
  readonly endedAtMs: number;
  readonly angle: number;
  readonly fleet: number;
}

function passMinute(
  box: Box,
  {
    options,
    draws,
    moment,
  }: { readonly options: CanaryWorldOptions; readonly draws: Draws; readonly moment: Moment },
): DeviceWindow {
  box.wander = SPREAD.keep * box.wander + draws.normal(SPREAD.wander);
  const isNew = box.model === NEW_MODEL;
  const usual = isNew ? options.newErrors01 * box.suits : options.oldErrors01;
  const errors01 = Math.min(0.95, usual * box.base * Math.exp(moment.fleet + box.wander));
  const load01 = NIGHT_LOAD01 + (1 - NIGHT_LOAD01) * (0.5 + 0.5 * Math.cos(moment.angle));
  const frames = Math.round(options.fps * 60 * load01 * (0.9 + 0.1 * draws.uniform()));
  const framesFailed = draws.binomial(frames, errors01);
  return {
    digest: box.model,
    endedAtMs: moment.endedAtMs,
    windowSec: 60,
    framesDue: frames,
    framesClassified: frames - framesFailed,
    framesFailed,
    inferP95Ms: box.baseMs * (isNew ? box.suitsMs : 1) * factor(draws, 0.1) * Math.exp(0.1 * box.wander),
    celsius: box.celsius + 3 * Math.cos(moment.angle) + draws.normal(1),
    throttled01: 0,
  };
}
