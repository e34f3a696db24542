import { type GateRules, type GateState, stepGate } from './gate.ts';
import type { Glance, Orders, Verdict } from './port.ts';

/** What one camera's attention depends on. */
export interface AttentionState {
  readonly gate?: GateState;
  /** When a frame was last looked at; monotonic milliseconds. */
  readonly lookedAtMs: number;
  /** Share of a look that was saved up. */
  readonly credit: number;
}

export const initialAttention: AttentionState = { lookedAtMs: -Infinity, credit: 0 };

export interface AttentionOutcome extends Verdict {
  readonly state: AttentionState;
}

/** Three frames of five. */
const REDUCED01 = 0.6;
/** Sources without keyframes of their own go on at this pace; a little less than a second, which is a usual distance. */
const KEYFRAME_MS = 900;

/** What becomes of a frame: first whether there is something to see, then whether the box can look. */
export function attend(
  before: AttentionState,
  glance: Glance,
  rules: GateRules,
  orders: Orders,
): AttentionOutcome {
  const { lookedAtMs } = before;
  const gated = stepGate(before.gate, { ...glance, lookedAtMs }, rules);
  const state = { ...before, gate: gated.state };
  const isAtKeyframes = orders.level === 'keyframes' || orders.level === 'one_camera';
  const tier = isAtKeyframes ? 'keyframes' : gated.state.tier;
  if (!gated.isLook) return { state, verdict: 'gated', tier };
  const { isLook, credit } = afford(before, glance.atMs, orders);
  if (!isLook) return { state: { ...state, credit }, verdict: 'governed', tier };
  return { state: { ...state, credit, lookedAtMs: glance.atMs }, verdict: 'look', tier };
}

function afford(
  { credit, lookedAtMs }: AttentionState,
  atMs: number,
  orders: Orders,
): { readonly isLook: boolean; readonly credit: number } {
  if (orders.level === 'full') return { isLook: true, credit: 0 };
  if (orders.level === 'reduced') {
    const saved = credit + REDUCED01;
    // Sums of 0.6 come out a little below a whole number.
    const isLook = saved >= 1 - 1e-9;
    return { isLook, credit: isLook ? saved - 1 : saved };
  }
  const isTurn = orders.level === 'keyframes' || orders.isTurn;
  return { isLook: isTurn && atMs - lookedAtMs >= KEYFRAME_MS, credit: 0 };
}
