import type { DeploymentRecord, RolloutMember, RolloutRecord, RolloutStore } from '../store/port.ts';
import { ACTIVE_STATES, foldReport, type LiveRollout, stateOf } from './live-rollout.ts';
import { type Outlasted, readOutlasted } from './outlasted-devices.ts';
import type { StepChange } from './perform-steps.ts';

/** Everything is read again so often: what another server was told is found then at the latest. */
const RESYNC_MS = 5 * 60_000;
const FAILURES = ['failure', 'rolled_back'];

type Held = LiveRollout & { readonly members: Map<string, RolloutMember> };

export interface LiveRolloutsDeps {
  readonly rollouts: Pick<RolloutStore, 'listIn' | 'load' | 'finishedSince' | 'whoStands'>;
  readonly monotonicMs: () => number;
  /** A deployment of this device failed just now. */
  readonly onFailure: (deviceId: string) => void;
}

/** The rollouts under way, in memory: reports are folded in, so that no plan reads every device from the store. */
export class LiveRollouts {
  readonly #deps: LiveRolloutsDeps;
  readonly #held = new Map<string, Held>();
  #outlasted: Outlasted = new Map();
  /** Whether that speaks of all that are held. */
  #isOutlastedRead = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** What was reported while a rollout was being read. */
  #meanwhile: DeploymentRecord[] | undefined;

  constructor(deps: LiveRolloutsDeps) {
    this.#deps = deps;
  }

  get(id: string): LiveRollout | undefined {
    return this.#held.get(id);
  }

  all(): readonly LiveRollout[] {
    return [...this.#held.values()];
  }

  has(deviceId: string): boolean {
    return this.all().some(({ members }) => members.has(deviceId));
  }

  /** Names of the finished rollouts that go before this one, by the devices they have brought their bundle. */
  outlasting(id: string): ReadonlyMap<string, string> {
    return this.#outlasted.get(id) ?? new Map();
  }

  /** Nothing of what is held is to be relied on any more. */
  forget(): void {
    this.#held.clear();
    this.#isOutlastedRead = false;
  }

  /** Reads what changed behind this server's back. @returns whether anything did @throws AppError STORE_FAILED */
  async sync(): Promise<boolean> {
    const nowMs = this.#deps.monotonicMs();
    if (nowMs - this.#readAtMs >= RESYNC_MS) {
      this.forget();
      this.#readAtMs = nowMs;
    }
    const records = await this.#deps.rollouts.listIn(ACTIVE_STATES);
    const over = [...this.#held.keys()].filter((id) => records.every((record) => record.id !== id));
    for (const id of over) this.#held.delete(id);
    const changed = records.filter(({ id, revision }) => this.#held.get(id)?.rollout.revision !== revision);
    for (const record of changed) await this.#read(record);
    const isNews = over.length > 0 || changed.length > 0;
    if (isNews) this.#isOutlastedRead = false;
    return isNews;
  }

  /**
   * Reads which devices finished rollouts keep, where that may have changed: to be done before anybody is ordered.
   * @throws AppError STORE_FAILED
   */
  async readOutlasted(): Promise<void> {
    if (this.#isOutlastedRead) return;
    this.#outlasted = await readOutlasted(this.#deps.rollouts, this.all());
    this.#isOutlastedRead = true;
  }

  async #read({ id }: RolloutRecord): Promise<void> {
    this.#meanwhile = [];
    const whole = await this.#deps.rollouts.load(id);
    if (whole === undefined) this.#held.delete(id);
    else {
      const members = new Map(whole.members.map((member) => [member.deviceId, member]));
      this.#held.set(id, { ...whole, members });
    }
    const meanwhile = this.#meanwhile;
    this.#meanwhile = undefined;
    this.fold(meanwhile);
  }

  /** @returns whether any rollout is spoken of */
  fold(moved: readonly DeploymentRecord[]): boolean {
    this.#meanwhile?.push(...moved);
    const meant = moved.filter((deployment) => this.#foldOne(deployment));
    return meant.length > 0;
  }

  #foldOne(deployment: DeploymentRecord): boolean {
    const { deviceId, state } = deployment;
    let isMeant = false;
    for (const { members } of this.#held.values()) {
      const member = members.get(deviceId);
      const folded = member && foldReport(member, deployment);
      if (member === undefined || folded === undefined) continue;
      members.set(deviceId, folded);
      isMeant = true;
      if (FAILURES.includes(state) && stateOf(member) !== state) this.#deps.onFailure(deviceId);
    }
    return isMeant;
  }

  /**
   * Takes over what was stored.
   * @param planned the devices as they were when the change was made: what they told since stays
   */
  take(change: StepChange, planned: ReadonlyMap<string, RolloutMember>): void {
    const { rollout } = change;
    const held = this.#held.get(rollout.id);
    if (held === undefined) return;
    const groups = new Map(change.groups.map((group) => [group.index, group]));
    for (const member of change.members) {
      const now = held.members.get(member.deviceId);
      if (now === undefined) this.#isOutlastedRead = false;
      const isNews = now !== undefined && now !== planned.get(member.deviceId);
      held.members.set(member.deviceId, isNews ? mergeNews(member, now) : member);
    }
    this.#held.set(rollout.id, {
      rollout: { ...rollout, revision: rollout.revision + 1 },
      groups: held.groups.map((group) => groups.get(group.index) ?? group),
      members: held.members,
    });
  }
}

/** Of the same deployments what was told last counts. */
function mergeNews(member: RolloutMember, now: RolloutMember): RolloutMember {
  const isSame = member.deploymentId === now.deploymentId && now.progress !== undefined;
  const isSameBack = member.restoreId === now.restoreId && now.restoreProgress !== undefined;
  return {
    ...member,
    ...(isSame && { progress: now.progress }),
    ...(isSameBack && { restoreProgress: now.restoreProgress }),
  };
}
