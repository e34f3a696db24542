import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import { checkWorld } from '../../support/fault-check.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { cameraPlans } from '../matrix/camera-faults.ts';
import { clockPlans } from '../matrix/clock-faults.ts';
import { createFamily, type Fault } from '../matrix/fault.ts';
import { fleetPlans } from '../matrix/fleet-faults.ts';
import { processPlans } from '../matrix/process-faults.ts';
import { type FaultOutcome, runFault } from '../matrix/run-faults.ts';
import { type Readings, watchProcesses } from './process-readings.ts';

export interface SoakPlan {
  readonly minutes: number;
  readonly swaps: number;
  readonly onMinute: (progress: SoakProgress) => void;
  readonly onOutcome: (outcome: FaultOutcome) => void;
}

export interface SoakProgress {
  readonly minute: number;
  readonly swaps: number;
  readonly faults: number;
  readonly readings: Readings;
}

export interface SoakResult {
  readonly swaps: number;
  readonly outcomes: readonly FaultOutcome[];
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
  readonly problems: readonly string[];
  readonly readings: Readings;
}

/** What ends the agent would begin its memory anew, and hide what grows; an order of its own would spoil a swap. */
const LEAVES_THE_AGENT = /agent|update|order|every child|a day by the clock/;
const SWAP_LIMIT_MS = 90_000;
const MOST_TRIES = 3;
const PAUSE_MS = 4_000;

/** Every fault of the running agent, for as long as the same agent is to run. */
export function listSoakFaults(): readonly Fault[] {
  const all = [
    ...createFamily('process', processPlans()),
    ...createFamily('camera', cameraPlans()),
    ...createFamily('fleet', fleetPlans()),
    ...createFamily('clock', clockPlans()),
  ];
  const stepping = /the clock steps while the agent runs: a day/;
  return all.filter(({ name }) => stepping.test(name) || !LEAVES_THE_AGENT.test(name));
}

/** Swaps models at an even pace, and lets things go wrong in between. */
export async function soak(world: FaultWorld, plan: SoakPlan): Promise<SoakResult> {
  const startedMs = performance.now();
  const endMs = startedMs + plan.minutes * 60_000;
  const watch = watchProcesses(world);
  const faults = listSoakFaults();
  const outcomes: FaultOutcome[] = [];
  const problems: string[] = [];
  let swaps = 0;
  let minute = 0;
  while (performance.now() < endMs) {
    const dueSwaps = Math.ceil((plan.swaps * (performance.now() - startedMs)) / (endMs - startedMs));
    if (swaps < dueSwaps) {
      const problem = await swapModel(world);
      if (problem === undefined) swaps += 1;
      else problems.push(problem);
    } else {
      const fault = faults[Math.floor(world.random() * faults.length)] as Fault;
      const outcome = await runFault(fault, world);
      outcomes.push(outcome);
      plan.onOutcome(outcome);
      await delay(world.random() * PAUSE_MS);
    }
    await world.box().life().order({ kind: 'collect' });
    const now = Math.floor((performance.now() - startedMs) / 60_000);
    if (now > minute) {
      minute = now;
      plan.onMinute({ minute, swaps, faults: outcomes.length, readings: watch.readings() });
    }
  }
  watch.stop();
  const last = await checkWorld(world, performance.now());
  const { lost, duplicates } = last;
  return {
    swaps,
    outcomes,
    lost,
    duplicates,
    problems: [...problems, ...last.problems],
    readings: watch.readings(),
  };
}

/** @returns what went wrong, when it did not succeed in the end */
async function swapModel(world: FaultWorld): Promise<string | undefined> {
  let state = '';
  for (let attempt = 1; attempt <= MOST_TRIES; attempt += 1) {
    try {
      state = await world.outcome(await world.deploy(await world.fresh()), SWAP_LIMIT_MS);
    } catch (error) {
      return `a swap of models came to no end: ${describeError(error)}`;
    }
    if (state === 'success') return undefined;
  }
  return `a swap of models ended in ${state}, ${MOST_TRIES} times`;
}
