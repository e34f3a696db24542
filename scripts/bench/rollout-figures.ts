import type { BoxSummary } from '../simulate/box-report.ts';
import type { StoredDeployment } from './sqlite-ledger.ts';

/** From the order, as the server stored it, to its receipt by a box that was connected. */
export interface Latencies {
  readonly orderP50Ms: number;
  readonly orderP99Ms: number;
  /** With those that the kill of the server held up. */
  readonly orderP99WithKillMs: number;
  readonly peakOrdersPerSec: number;
}

/** What a kill must not change. */
export interface Agreement {
  /** Devices that have another number of deployments of the new bundle than one. */
  readonly notOneDeployment: number;
  /** Devices that say something else of their last deployment than the server. */
  readonly disagree: number;
  /** Devices that run the new bundle. */
  readonly runNew: number;
}

const PEAK_WINDOW_MS = 10_000;

export function computeLatencies(
  boxes: readonly BoxSummary[],
  deployments: readonly Pick<StoredDeployment, 'id' | 'createdAtMs'>[],
  outage: { readonly fromMs: number; readonly untilMs: number },
): Latencies {
  const createdAt = new Map(deployments.map(({ id, createdAtMs }) => [id, createdAtMs]));
  const taken = boxes.flatMap(({ taken: orders }) =>
    orders.flatMap(({ deploymentId, receivedAtMs }) => {
      const atMs = createdAt.get(deploymentId);
      return atMs === undefined ? [] : [{ atMs, receivedAtMs, tookMs: receivedAtMs - atMs }];
    }),
  );
  const undisturbed = taken.filter(
    ({ atMs, receivedAtMs }) => receivedAtMs < outage.fromMs || atMs > outage.untilMs,
  );
  return {
    orderP50Ms: percentile(undisturbed, 0.5),
    orderP99Ms: percentile(undisturbed, 0.99),
    orderP99WithKillMs: percentile(taken, 0.99),
    peakOrdersPerSec: findPeak(taken.map(({ receivedAtMs }) => receivedAtMs)),
  };
}

function percentile(taken: readonly { readonly tookMs: number }[], share: number): number {
  const sorted = taken.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Most within ten seconds, a second. */
function findPeak(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((one, other) => one - other);
  let [peak, first] = [0, 0];
  for (const [at, timeMs] of sorted.entries()) {
    while ((sorted[first] ?? timeMs) <= timeMs - PEAK_WINDOW_MS) first += 1;
    peak = Math.max(peak, at - first + 1);
  }
  return peak / (PEAK_WINDOW_MS / 1000);
}

export function checkAgreement(
  boxes: readonly BoxSummary[],
  deployments: readonly StoredDeployment[],
  newDigest: string,
): Agreement {
  const byDevice = Map.groupBy(deployments, ({ deviceId }) => deviceId);
  const isOne = ({ id }: BoxSummary): boolean =>
    byDevice.get(id)?.filter(({ digest }) => digest === newDigest).length === 1;
  const agrees = ({ id, told }: BoxSummary): boolean => {
    const last = byDevice.get(id)?.at(-1);
    return last?.id === told?.deploymentId && last?.state === told?.state;
  };
  return {
    notOneDeployment: boxes.filter((box) => !isOne(box)).length,
    disagree: boxes.filter((box) => !agrees(box)).length,
    runNew: boxes.filter(({ digest }) => digest === newDigest).length,
  };
}
