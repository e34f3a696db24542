import type { FleetPresence } from '../devices/port.ts';
import type { RolloutRecord, RolloutStore } from '../store/port.ts';
import type { TargetDevice, Targeting } from '../targeting/port.ts';
import { type Outlook, readBudgetKey } from './assemble-snapshot.ts';
import type { LiveRollout } from './live-rollout.ts';
import type { WindowClock, WindowTimes } from './port.ts';
import { countOthersInWork, findClaims } from './rollout-overlap.ts';

/** How old what people say about devices may be. */
const REFRESH_MS = 30_000;
const DAY_MS = 24 * 3_600_000;

export interface FleetOutlookDeps {
  readonly presence: FleetPresence;
  readonly targeting: Pick<Targeting, 'listDevices' | 'admission'>;
  readonly rollouts: Pick<RolloutStore, 'failuresSince'>;
  readonly windows: WindowClock;
  readonly nowMs: () => number;
}

type Unfit = Outlook['unfit'];

/** What is known of devices beside rollouts: who is there, where it stands, what it can take, how it fared. */
export class FleetOutlook {
  readonly #deps: FleetOutlookDeps;
  #targets: ReadonlyMap<string, TargetDevice> = new Map();
  #failures = new Map<string, number>();
  /** By bundle, then by device. */
  #unfit = new Map<string, ReadonlyMap<string, Unfit>>();
  #refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(deps: FleetOutlookDeps) {
    this.#deps = deps;
  }

  /**
   * Looks anew where that is due. What was known stands until all of it is there.
   * @param rollouts all whose devices will be asked about
   * @returns when it looked last
   * @throws AppError STORE_FAILED
   */
  async refresh(rollouts: readonly RolloutRecord[]): Promise<number> {
    const { targeting, rollouts: store, nowMs } = this.#deps;
    const isDue = Math.abs(nowMs() - this.#refreshedAtMs) >= REFRESH_MS;
    const targets = isDue
      ? new Map((await targeting.listDevices()).map((device) => [device.id, device]))
      : this.#targets;
    const failures = isDue ? new Map(await store.failuresSince(nowMs() - DAY_MS)) : this.#failures;
    const unfit = isDue ? new Map<string, ReadonlyMap<string, Unfit>>() : this.#unfit;
    for (const { bundleDigest } of rollouts) {
      if (!unfit.has(bundleDigest)) unfit.set(bundleDigest, await this.#judge(bundleDigest, targets));
    }
    this.#targets = targets;
    this.#failures = failures;
    this.#unfit = unfit;
    if (isDue) this.#refreshedAtMs = nowMs();
    return this.#refreshedAtMs;
  }

  async #judge(
    bundleDigest: string,
    targets: ReadonlyMap<string, TargetDevice>,
  ): Promise<ReadonlyMap<string, Unfit>> {
    const judge = await this.#deps.targeting.admission(bundleDigest);
    const unfit = new Map<string, Unfit>();
    for (const device of targets.values()) {
      const verdict = judge(device);
      if (verdict.kind === 'unfit') unfit.set(device.id, { code: verdict.code, detail: verdict.detail });
    }
    return unfit;
  }

  /** A deployment of the device failed just now. */
  noteFailure(deviceId: string): void {
    this.#failures.set(deviceId, (this.#failures.get(deviceId) ?? 0) + 1);
  }

  /** How the planner of one rollout sees the fleet now. */
  look(
    live: LiveRollout,
    others: readonly LiveRollout[],
    outlasting: ReadonlyMap<string, string>,
  ): {
    readonly outlookOf: (deviceId: string) => Outlook;
    readonly otherInWork: ReadonlyMap<string, number>;
  } {
    const { rollout } = live;
    const claims = findClaims(live, others, outlasting);
    const unfit = this.#unfit.get(rollout.bundleDigest);
    const windowOf = this.#readWindows(rollout);
    const outlookOf = (deviceId: string): Outlook => {
      const target = this.#targets.get(deviceId);
      return {
        standing: this.#deps.presence.standing(deviceId),
        target,
        unfit: unfit?.get(deviceId),
        failures: this.#failures.get(deviceId) ?? 0,
        claim: claims.get(deviceId),
        window: windowOf(target?.timezone ?? 'UTC'),
      };
    };
    const keyOf = (deviceId: string) => readBudgetKey(rollout, this.#targets.get(deviceId));
    const hasBudget = rollout.policy.disruptionBudget !== undefined;
    return { outlookOf, otherInWork: hasBudget ? countOthersInWork(others, keyOf) : new Map() };
  }

  /** Each time zone is asked about once. */
  #readWindows({ policy }: RolloutRecord): (timezone: string) => WindowTimes {
    const { window } = policy;
    if (window === undefined) return () => ({});
    const { nowMs, windows } = this.#deps;
    const atMs = nowMs();
    const found = new Map<string, WindowTimes>();
    return (timezone) => {
      const times = found.get(timezone) ?? windows.look(window, timezone, atMs);
      found.set(timezone, times);
      return times;
    };
  }
}
