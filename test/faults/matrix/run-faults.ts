import { checkWorld, type FaultFindings } from '../../support/fault-check.ts';
import type { FaultWorld } from '../../support/fault-world.ts';
import { type Fault, titleOf, type WorldKind } from './fault.ts';

export interface FaultOutcome {
  readonly family: string;
  readonly name: string;
  readonly survived: boolean;
  readonly problems: readonly string[];
  readonly lost: number;
  readonly duplicates: number;
  /** Until every camera flowed again. */
  readonly recoverySec: number;
  readonly tookSec: number;
}

export interface FaultTotals {
  readonly faults: number;
  readonly survived: number;
  readonly lost: number;
  readonly duplicates: number;
}

export type OpenWorld = (kind: WorldKind) => Promise<FaultWorld>;

/** Mounts the fault on the world and looks at what is left of it. */
export async function runFault(fault: Fault, world: FaultWorld): Promise<FaultOutcome> {
  const startedMs = performance.now();
  const { findings, problem } = await mountAndCheck(fault, world);
  const problems = [...(problem === undefined ? [] : [problem]), ...(findings?.problems ?? [])];
  const [lost, duplicates] = [findings?.lost ?? [], findings?.duplicates ?? []];
  return {
    family: fault.family,
    name: fault.name,
    survived: problems.length + lost.length + duplicates.length === 0,
    problems: [
      ...problems,
      ...lost.map((it) => `lost ${it}`),
      ...duplicates.map((it) => `twice ${it}`),
    ].slice(0, 12),
    lost: lost.length,
    duplicates: duplicates.length,
    recoverySec: toSec(findings?.recoveryMs ?? 0),
    tookSec: toSec(performance.now() - startedMs),
  };
}

const toSec = (ms: number): number => Math.round(ms / 100) / 10;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function mountAndCheck(
  fault: Fault,
  world: FaultWorld,
): Promise<{ readonly findings?: FaultFindings; readonly problem?: string }> {
  try {
    const fromMs = performance.now();
    const { deploymentId, ends } = await fault.mount(world);
    const findings = await checkWorld(world, performance.now(), {
      fromMs,
      ...(deploymentId !== undefined && { deploymentId }),
    });
    if (findings.end === undefined || ends === undefined || ends.includes(findings.end)) return { findings };
    return { findings, problem: `the deployment ended in ${findings.end}, not in ${ends.join(' or ')}` };
  } catch (error) {
    return { problem: `not mounted: ${messageOf(error)}` };
  }
}

export interface RunOptions {
  readonly jobs: number;
  readonly open: OpenWorld;
  /** A plain world that is open already. */
  readonly first?: FaultWorld;
  readonly onOutcome: (outcome: FaultOutcome, done: number) => void;
}

/** Runs the faults in `jobs` worlds side by side. A world that did not survive a fault is given up. */
export async function runFaults(
  faults: readonly Fault[],
  { jobs, open, first, onOutcome }: RunOptions,
): Promise<readonly FaultOutcome[]> {
  const outcomes: FaultOutcome[] = [];
  const runKind = async (kind: WorldKind, given: FaultWorld | undefined): Promise<void> => {
    const queue = faults.filter((fault) => (fault.world ?? 'plain') === kind);
    const work = async (kept: FaultWorld | undefined): Promise<void> => {
      let world = kept;
      try {
        for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
          world ??= await openPatiently(open, kind);
          const outcome = world === undefined ? notBegun(fault) : await runFault(fault, world);
          outcomes.push(outcome);
          onOutcome(outcome, outcomes.length);
          if (outcome.survived) continue;
          await world?.close(titleOf(fault));
          world = undefined;
        }
      } finally {
        await world?.close();
      }
    };
    // What fleetctl trusts, it trusts in the whole process: one fleet with TLS at a time.
    const workers = kind === 'tls' ? 1 : jobs;
    await Promise.all(Array.from({ length: workers }, (_, index) => work(index === 0 ? given : undefined)));
  };
  await runKind('plain', first);
  await runKind('tls', undefined);
  return outcomes;
}

/** A machine that is busy may take a world too long to begin. @returns undefined when it does so again */
async function openPatiently(open: OpenWorld, kind: WorldKind): Promise<FaultWorld | undefined> {
  return open(kind)
    .catch(() => open(kind))
    .catch(() => undefined);
}

function notBegun({ family, name }: Fault): FaultOutcome {
  const problems = ['not mounted: its world did not begin'];
  const nothing = { lost: 0, duplicates: 0, recoverySec: 0, tookSec: 0 };
  return { family, name, survived: false, problems, ...nothing };
}

export function countOutcomes(outcomes: readonly FaultOutcome[]): FaultTotals {
  const sum = (of: (outcome: FaultOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    faults: outcomes.length,
    survived: sum(({ survived }) => (survived ? 1 : 0)),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
  };
}

export const isSound = ({ faults, survived, lost, duplicates }: FaultTotals): boolean =>
  faults > 0 && survived === faults && lost === 0 && duplicates === 0;

export function formatOutcome({ family, name, ...outcome }: FaultOutcome): string {
  const verdict = outcome.survived ? `survived, flowed after ${outcome.recoverySec} s` : 'NOT SURVIVED';
  const problems = outcome.problems.map((problem) => `\n      ${problem}`).join('');
  return `${family}: ${name}: ${verdict} (${outcome.tookSec} s)${problems}`;
}
