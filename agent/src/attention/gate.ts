import type { DecodeTier } from '../capture/port.ts';
import type { Glance } from './port.ts';

export interface GateRules {
  /** Without it every frame is looked at. */
  readonly isOn: boolean;
  /** Share of the picture that has to change to count as motion. */
  readonly minShare01: number;
  readonly holdMs: number;
  readonly lookMs: number;
  readonly keyframes: boolean;
}

/** What the gate remembers of one camera. Monotonic milliseconds. */
export interface GateState {
  /** Until then every frame is looked at. */
  readonly openUntilMs: number;
  /** Since when the last look and what was decided disagree. */
  readonly doubtSinceMs?: number;
  readonly closedSinceMs?: number;
  readonly tier: DecodeTier;
  readonly tierSinceMs: number;
  /** How long it has to be closed before keyframes are enough. */
  readonly calmMs: number;
}

export interface GateMoment extends Glance {
  readonly lookedAtMs: number;
}

export interface GateOutcome {
  readonly state: GateState;
  readonly isLook: boolean;
}

/** Least time at rest before the stream is decoded at its keyframes only: to change that opens another stream. */
export const CALM_MS = 10_000;
/** A camera that wakes again and again is left as it is for longer: twice as long each time, up to this. */
export const MAX_CALM_MS = 160_000;
/** Who sleeps for longer than this sleeps well. */
const RESTLESS_MS = 120_000;

/**
 * Whether a frame is worth a look of the model.
 *
 * Open, and every frame is looked at: for `holdMs` from the start, and for `holdMs` after each frame in which something
 * moved. Closed: one look every `lookMs`, and after `calmMs` at rest only keyframes are decoded. The frame that wakes the
 * gate is looked at itself.
 *
 * A look that contradicts what was decided opens the gate too, for `holdMs` at most until looks and decisions agree
 * again: one look decides nothing, so more of them follow at once. By this rule an animal that sleeps in view costs one
 * look every `lookMs`, each a vote for it, and its sighting stays open for as long as it lies there; when a look finds it
 * gone, the votes that end the sighting come within a second or two, not `lookMs` apart; and one that came without
 * moving enough is decided upon as quickly. A scene in which the model wavers for ever costs `holdMs` once.
 */
export function stepGate(before: GateState | undefined, moment: GateMoment, rules: GateRules): GateOutcome {
  const state = before ?? start(moment.atMs, rules);
  if (!rules.isOn) return { state, isLook: true };
  const { atMs } = moment;
  const openUntilMs = moment.share01 >= rules.minShare01 ? atMs + rules.holdMs : state.openUntilMs;
  const doubtSinceMs = moment.isSettled ? undefined : (state.doubtSinceMs ?? atMs);
  const isDoubted = doubtSinceMs !== undefined && atMs - doubtSinceMs < rules.holdMs;
  const isOpen = atMs < openUntilMs || isDoubted;
  const kept = { openUntilMs, ...(doubtSinceMs !== undefined && { doubtSinceMs }) };
  if (isOpen) return { state: { ...kept, ...wake(state, atMs) }, isLook: true };
  return {
    state: { ...kept, ...rest(state, atMs, rules) },
    isLook: atMs - moment.lookedAtMs >= rules.lookMs,
  };
}

function start(atMs: number, { holdMs }: GateRules): GateState {
  return { openUntilMs: atMs + holdMs, tier: 'every', tierSinceMs: atMs, calmMs: CALM_MS };
}

type Pace = Pick<GateState, 'closedSinceMs' | 'tier' | 'tierSinceMs' | 'calmMs'>;

function wake({ tier, tierSinceMs, calmMs }: GateState, atMs: number): Pace {
  if (tier === 'every') return { tier, tierSinceMs, calmMs };
  const isRestless = atMs - tierSinceMs < RESTLESS_MS;
  return {
    tier: 'every',
    tierSinceMs: atMs,
    calmMs: isRestless ? Math.min(2 * calmMs, MAX_CALM_MS) : CALM_MS,
  };
}

function rest(state: GateState, atMs: number, { keyframes }: GateRules): Pace {
  const { tier, tierSinceMs, calmMs, closedSinceMs = atMs } = state;
  if (tier === 'keyframes' || !keyframes || atMs - closedSinceMs < calmMs)
    return { closedSinceMs, tier, tierSinceMs, calmMs };
  return { closedSinceMs, tier: 'keyframes', tierSinceMs: atMs, calmMs };
}
