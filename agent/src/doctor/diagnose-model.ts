import { noteIn } from './check.ts';
import type { Check } from './port.ts';

export type ModelFacts =
  | { readonly kind: 'none' }
  /** The record or the files of the bundle. */
  | { readonly kind: 'unsound'; readonly detail: string }
  | {
      readonly kind: 'fails';
      readonly name: string;
      readonly detail: string;
      readonly remedy: string;
    }
  | {
      readonly kind: 'runs';
      /** `model version`. */
      readonly name: string;
      readonly golden: { readonly count: number; readonly failed?: string };
      /** Undefined when the golden frames failed before it was measured. */
      readonly latencyMs: number | undefined;
      readonly providers: readonly string[];
    };

const note = noteIn('model');
const BUSY = 0.7;

/** @param framesPerSec what all cameras together are set to */
export function diagnoseModel(facts: ModelFacts, framesPerSec: number): readonly Check[] {
  switch (facts.kind) {
    case 'none':
      return [note('bundle', 'warning', 'no model is installed', 'Deploy one: `fleetctl device deploy`.')];
    case 'unsound':
      return [
        note(
          'bundle',
          'problem',
          facts.detail,
          'The agent falls back to the model before it. Deploy this one again, and check the disk.',
        ),
      ];
    case 'fails':
      return [
        note('bundle', 'ok', `${facts.name}: every file is as it was signed`),
        note('load', 'problem', facts.detail, facts.remedy),
      ];
    case 'runs':
      return [
        note('bundle', 'ok', `${facts.name}: every file is as it was signed`),
        note('load', 'ok', `runs in a process of its own, on ${facts.providers.join(', ') || 'the CPU'}`),
        diagnoseGolden(facts.golden),
        ...(facts.latencyMs === undefined ? [] : [diagnoseCapacity(facts.latencyMs, framesPerSec)]),
      ];
  }
}

function diagnoseGolden({ count, failed }: Extract<ModelFacts, { kind: 'runs' }>['golden']): Check {
  if (count === 0) return note('golden frames', 'skipped', 'the bundle has none');
  return failed === undefined
    ? note('golden frames', 'ok', `${count} of ${count} give what they gave where the model was built`)
    : note('golden frames', 'problem', failed, 'Do not trust this model on this box; deploy another one.');
}

function diagnoseCapacity(latencyMs: number, framesPerSec: number): Check {
  const capacity = 1000 / Math.max(latencyMs, 0.01);
  const found = `${latencyMs.toFixed(1)} ms a frame: room for ${capacity.toFixed(0)} frames a second, the cameras give ${framesPerSec}`;
  if (framesPerSec > capacity)
    return note(
      'capacity',
      'problem',
      found,
      'Frames are skipped: lower fps of the cameras, or use a smaller model.',
    );
  return framesPerSec > capacity * BUSY
    ? note('capacity', 'warning', found, 'There is little reserve for heat and busy moments.')
    : note('capacity', 'ok', found);
}
