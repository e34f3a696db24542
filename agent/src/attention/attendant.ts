import type { CameraConfig } from '@watchpost/shared/config/settings.ts';
import { isRecording } from '../capture/port.ts';
import { attend, initialAttention } from './attend.ts';
import type { GateRules } from './gate.ts';
import type { Attendant } from './port.ts';

/** Remembers what one camera showed lately. */
export function createAttendant(config: CameraConfig): Attendant {
  const rules = computeGateRules(config);
  let state = initialAttention;
  return {
    judge: (glance, orders) => {
      const { state: next, ...verdict } = attend(state, glance, rules, orders);
      state = next;
      return verdict;
    },
  };
}

function computeGateRules(config: CameraConfig): GateRules {
  const { gate, minShare01, holdSec, lookSec, keyframes } = config.motion;
  return {
    isOn: gate === 'on' || (gate === 'auto' && !isRecording(config)),
    holdMs: holdSec * 1000,
    lookMs: lookSec * 1000,
    ...{ minShare01, keyframes },
  };
}
