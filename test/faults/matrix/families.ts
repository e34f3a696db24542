import { shuffled } from '../../support/random.ts';
import { cameraPlans } from './camera-faults.ts';
import { certificatePlans } from './certificate-faults.ts';
import { clockPlans } from './clock-faults.ts';
import { diskPlans } from './disk-faults.ts';
import { createFamily, type Fault } from './fault.ts';
import { fleetPlans } from './fleet-faults.ts';
import { modelPlans } from './model-faults.ts';
import { processPlans } from './process-faults.ts';
import { sqlitePlans } from './sqlite-faults.ts';
import { everyModelPlans, statePlans } from './state-faults.ts';
import type { Survey } from './survey.ts';
import {
  diskAnswerPlans,
  killPlans,
  phasePlans,
  powerPlans,
  randomKillPlans,
  tornPlans,
} from './update-faults.ts';

/** Every fault there is, for a box of which is known what it does to its disk. */
export function listFaults(survey: Survey): readonly Fault[] {
  return [
    ...createFamily('phase', phasePlans(survey)),
    ...createFamily('kill', killPlans(survey)),
    ...createFamily('random kill', randomKillPlans(6)),
    ...createFamily('torn write', tornPlans(survey)),
    ...createFamily('power cut', powerPlans(survey)),
    ...createFamily('disk answers', diskAnswerPlans(survey)),
    ...createFamily('state file', statePlans(survey)),
    ...createFamily('everything', everyModelPlans()),
    ...createFamily('process', processPlans()),
    ...createFamily('camera', cameraPlans()),
    ...createFamily('fleet', fleetPlans()),
    ...createFamily('disk', diskPlans(survey)),
    ...createFamily('sqlite', sqlitePlans()),
    ...createFamily('clock', clockPlans()),
    ...createFamily('model', modelPlans()),
    ...createFamily('certificate', certificatePlans(), 'tls'),
  ];
}

/** `count` of them in a random order, as evenly over the families as can be. */
export function sampleFaults(
  faults: readonly Fault[],
  count: number,
  random: () => number,
): readonly Fault[] {
  const families = shuffled([...Map.groupBy(faults, ({ family }) => family).values()], random);
  const piles = families.map((pile) => [...shuffled(pile, random)]);
  const chosen: Fault[] = [];
  while (chosen.length < count && piles.some((pile) => pile.length > 0)) {
    for (const pile of piles) {
      const fault = pile.pop();
      if (fault !== undefined && chosen.length < count) chosen.push(fault);
    }
  }
  return chosen;
}
