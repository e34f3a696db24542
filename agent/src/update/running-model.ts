import type { SwitchFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Champion, ModelTrial } from './port.ts';
import { firstChoice } from './slots.ts';

/** Knows which model classifies: the one switched to last. */
export interface RunningModel {
  current(): Champion | undefined;
  /** @throws AppError MODEL_* | INFERENCE_CRASHED; then what ran before still runs */
  run(champion: Champion): Promise<SwitchFindings>;
  standDown(): Promise<void>;
}

export function createRunningModel(trial: Pick<ModelTrial, 'switchTo' | 'standDown'>): RunningModel {
  let current: Champion | undefined;
  return {
    current: () => current,
    run: async (champion) => {
      const { bundle, slot } = champion;
      const before = current;
      // While it is switched, it is not known.
      current = undefined;
      try {
        const findings = await trial.switchTo(bundle, slot.choice ?? firstChoice(bundle.manifest));
        current = champion;
        return findings;
      } catch (error) {
        current = before;
        throw error;
      }
    },
    standDown: async () => {
      await trial.standDown();
      current = undefined;
    },
  };
}
