import {
  DEPLOYMENT_LIFECYCLE,
  DEPLOYMENT_STATES,
  type DeploymentState,
} from '@watchpost/shared/lifecycle/deployment.ts';

/** Where a device put a change: `seq` counts within an epoch. */
export interface Numbered {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * In the order in which the device made them. Of two epochs the one heard of first is the older one: the box numbers
 * anew only after it lost its disk.
 * @param changes in the order they came
 */
export function orderChanges<C extends Numbered>(changes: readonly C[]): readonly C[] {
  return [...Map.groupBy(changes, ({ epoch }) => epoch).values()].flatMap((ofEpoch) =>
    ofEpoch.toSorted((one, other) => one.seq - other.seq),
  );
}

/**
 * The change a deployment stands at; undefined while it is pending. What no path of the lifecycle leads to counts for
 * nothing: nothing leads out of an end. States in between may be missing: the box evicts when it is full.
 * @param changes in the order in which the device made them
 */
export function findStanding<C extends { readonly state: DeploymentState }>(
  changes: readonly C[],
): C | undefined {
  let standing: C | undefined;
  for (const change of changes) {
    if (REACHABLE[standing?.state ?? 'pending'].has(change.state)) standing = change;
  }
  return standing;
}

const REACHABLE = Object.fromEntries(
  DEPLOYMENT_STATES.map((state) => [state, listReachable(state)]),
) as Readonly<Record<DeploymentState, ReadonlySet<DeploymentState>>>;

/** A state that is not an end may also be told again, with what was found out since. */
function listReachable(from: DeploymentState): ReadonlySet<DeploymentState> {
  const next = DEPLOYMENT_LIFECYCLE[from];
  const seen = new Set<DeploymentState>(next.length > 0 ? [from] : []);
  for (const state of seen) {
    for (const after of DEPLOYMENT_LIFECYCLE[state]) seen.add(after);
  }
  return seen;
}
