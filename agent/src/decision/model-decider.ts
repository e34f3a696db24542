import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { createDecider } from './decider.ts';
import type { Decider } from './port.ts';
import { computeVoteTiming, type LookPace } from './vote-timing.ts';

/** By the rules of the model, in the time that the pace of the camera asks for. */
export function createModelDecider(
  { manifest: { decision, output } }: { readonly manifest: Pick<Manifest, 'decision' | 'output'> },
  pace: Omit<LookPace, 'window'>,
): Decider {
  const timing = computeVoteTiming({ window: decision.window, ...pace });
  return createDecider({ ...decision, ...timing }, output.labels);
}
