import type { SwitchFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Champion, ModelTrial } from './port.ts';
import { firstChoice } from './slots.ts';

/** Knows which model classifies: the one switched to last. */
export interface RunningModel {
  /** Undefined as well while it is switched: then it is not known. */
  current(): Champion | undefined;
  /** @throws AppError MODEL_* | INFERENCE_CRASHED, the reason of `signal`; then what ran before still runs */
  run(champion: Champion, signal?: AbortSignal): Promise<SwitchFindings>;
  standDown(): Promise<void>;
}

export function createRunningModel(trial: Pick<ModelTrial, 'switchTo' | 'standDown'>): RunningModel {
  let last: Champion | undefined;
  // One that was given up may still be under way when the next begins; they end in their order.
  let switching = 0;
  const change = async <Result>(next: Champion | undefined, work: () => Promise<Result>): Promise<Result> => {
    switching += 1;
    try {
      const result = await work();
      last = next;
      return result;
    } finally {
      switching -= 1;
    }
  };
  return {
    current: () => (switching === 0 ? last : undefined),
    run: (champion, signal) => {
      const { bundle, slot } = champion;
      const choice = slot.choice ?? firstChoice(bundle.manifest);
      return change(champion, () => trial.switchTo(bundle, choice, signal));
    },
    standDown: () => change(undefined, () => trial.standDown()),
  };
}
