import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import type { HintWatch } from '../port.ts';
import { findSigns } from './anomaly-signs.ts';
import { type HintMemory, listHints, rememberHints } from './hint-memory.ts';
import { type HintPoint, keepPoint, toHintPoint } from './hint-point.ts';

/** Remembers two days, in memory: after a restart of the agent the slow signs take six hours to come back. */
export function createMemoryHintWatch(
  onChange: (hints: readonly Hint[]) => void = () => undefined,
): HintWatch {
  let history: readonly HintPoint[] = [];
  let memory: HintMemory = new Map();
  let current: readonly Hint[] = [];
  return {
    look: (summary, inference, { nowMs, fpsSet }) => {
      history = keepPoint(history, toHintPoint(summary, inference, fpsSet));
      memory = rememberHints(memory, findSigns(history), nowMs);
      const before = current;
      current = listHints(memory);
      if (namesOf(before) !== namesOf(current)) onChange(current);
      return current;
    },
    current: () => current,
  };
}

/** Evidence changes at every look; what is told, and how bad it is, seldom does. */
const namesOf = (hints: readonly Hint[]): string =>
  hints.map(({ code, subject, severity }) => `${code}/${subject}/${severity}`).join();
