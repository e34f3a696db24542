/**
 * Time a part may still use of a share of all time. It may begin while nothing is owed; what it then takes is owed, and
 * paid back as time goes by. Over a window it so takes its share, plus one run at most.
 */
export interface ShareBudget {
  readonly share01: number;
  /** Below zero: owed. */
  readonly leftMs: number;
  readonly atMs: number;
}

/** What may be saved up, in milliseconds of all time: a part that idled does not run without pause after. */
const SAVED_MS = 1_000;

export const openShareBudget = (share01: number, atMs: number): ShareBudget => ({ share01, leftMs: 0, atMs });

export function mayRun(budget: ShareBudget, nowMs: number): boolean {
  return accrue(budget, nowMs).leftMs >= 0;
}

/** After a run that ended at `nowMs`. */
export function spend(budget: ShareBudget, busyMs: number, nowMs: number): ShareBudget {
  const accrued = accrue(budget, nowMs);
  return { ...accrued, leftMs: accrued.leftMs - busyMs };
}

function accrue({ share01, leftMs, atMs }: ShareBudget, nowMs: number): ShareBudget {
  const accruedMs = leftMs + (nowMs - atMs) * share01;
  return { share01, leftMs: Math.min(accruedMs, SAVED_MS * share01), atMs: nowMs };
}
