import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import { GROUP_LIFECYCLE, ROLLOUT_LIFECYCLE } from '@watchpost/shared/lifecycle/rollout.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import { type RolloutPolicy, SOFT_HOURS } from '@watchpost/shared/rollout/policy.ts';
import fc from 'fast-check';
import { planRollout } from './rollout-planner.ts';
import type { GateVerdict, Group, Member, RolloutSnapshot, RolloutStep } from './rollout-snapshot.ts';
import { isDownloading, isInWork, isRestoring, isWaiting, tally } from './rollout-tally.ts';

const MINUTE_MS = 60_000;
const OVER = ['stopped', 'finished', 'rolled_back'];

/** What a device does, drawn: how it answers to each order, and when it is there. */
interface Script {
  readonly site: string;
  readonly group: number;
  readonly answers: readonly {
    readonly state: DeploymentState | 'silence';
    readonly afterMin: number;
    readonly mayRetry: boolean;
    /** Of a soft order: how long it waits for quiet before. */
    readonly quietMin: number;
  }[];
  readonly isOnlineAtFirst: boolean;
  /** It comes or goes. */
  readonly togglesAtMin: readonly number[];
  readonly goneAtMin?: number;
  readonly unfit: boolean;
  readonly hasPrevious: boolean;
  readonly windowOpensAtMin: number;
  readonly takenUntilMin: number;
}

const minutes = (max: number) => fc.integer({ min: 0, max });
const script: fc.Arbitrary<Script> = fc.record(
  {
    site: fc.constantFrom('a', 'b', 'c'),
    group: fc.nat(2),
    answers: fc.array(
      fc.record({
        state: fc.oneof(
          { weight: 6, arbitrary: fc.constant('success' as const) },
          {
            weight: 4,
            arbitrary: fc.constantFrom(
              'failure',
              'rolled_back',
              'rejected',
              'timed_out',
              'noartifact',
              'already_installed',
              'aborted',
              'silence',
            ),
          },
        ),
        afterMin: minutes(40),
        mayRetry: fc.boolean(),
        quietMin: minutes(360),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    isOnlineAtFirst: fc.boolean(),
    togglesAtMin: fc.array(minutes(300), { maxLength: 3 }),
    goneAtMin: minutes(300),
    unfit: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
    hasPrevious: fc.boolean(),
    windowOpensAtMin: fc.oneof(fc.constant(0), minutes(200)),
    takenUntilMin: fc.oneof(fc.constant(0), minutes(200)),
  },
  {
    requiredKeys: [
      'site',
      'group',
      'answers',
      'isOnlineAtFirst',
      'togglesAtMin',
      'unfit',
      'hasPrevious',
      'windowOpensAtMin',
      'takenUntilMin',
    ],
  },
);

const policies: fc.Arbitrary<RolloutPolicy> = fc.record({
  successThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
  errorThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
  minExecuted: fc.integer({ min: 1, max: 6 }),
  failureTypes: fc
    .subarray(['failure', 'rolled_back', 'timed_out', 'noartifact'] as const)
    .map((it) => [...it]),
  soakSeconds: fc.constantFrom(0, 60, 3_000),
  rate: fc.record({
    base: fc.integer({ min: 1, max: 4 }),
    increment: fc.constantFrom(1, 1.5, 2),
    max: fc.integer({ min: 1, max: 8 }),
  }),
  maxParallelDownloads: fc.integer({ min: 1, max: 4 }),
  disruptionBudget: fc.record({
    groupBy: fc.constant('site'),
    maxUnavailable: fc.integer({ min: 1, max: 3 }),
  }),
  timeoutMinutes: fc.integer({ min: 1, max: 400 }),
  stepTimeoutMinutes: fc.integer({ min: 1, max: 60 }),
  retries: fc.nat(2),
  onError: fc.constantFrom('pause', 'stop', 'rollback'),
  type: fc.constantFrom('forced', 'soft', 'download_only'),
  softHours: fc.integer({ min: 1, max: 6 }),
  targetSelection: fc.constantFrom('snapshot', 'continuous'),
  gates: fc.constantFrom<RolloutPolicy['gates']>([], [{ gate: 'fps' }]),
});

interface World {
  readonly policy: RolloutPolicy;
  readonly scripts: readonly Script[];
  /** What the gate says from which minute on. */
  readonly gate: { readonly verdict: GateVerdict['verdict']; readonly fromMin: number };
  /** How often a person lets a paused rollout go on. */
  readonly resumes: number;
  /** A person turns the rollout back then. */
  readonly rollbackAtMin?: number;
}

const worlds: fc.Arbitrary<World> = fc.record(
  {
    policy: policies,
    scripts: fc.array(script, { minLength: 1, maxLength: 12 }),
    gate: fc.record({ verdict: fc.constantFrom('pass', 'fail', 'open'), fromMin: minutes(100) }),
    resumes: fc.nat(2),
    rollbackAtMin: minutes(300),
  },
  { requiredKeys: ['policy', 'scripts', 'gate', 'resumes'] },
);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type SimMember = Mutable<Member> & { readonly script: Script; answered: number; orders: number };

/** A fleet and a rollout that live through virtual time. */
class Simulation {
  readonly #world: World;
  readonly members: readonly SimMember[];
  readonly groups: Mutable<Group>[] = [0, 1, 2].map((index) => ({ index, state: 'scheduled' }));
  #state: RolloutSnapshot['state'] = 'running';
  #nowMs = 0;
  #rollingBackSinceMs = 0;
  #resumes: number;
  /** When which device answers. */
  #due: { readonly atMs: number; readonly run: () => void }[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#resumes = world.resumes;
    this.members = world.scripts.map((it, index) => ({
      deviceId: `d${index}`,
      group: it.group,
      budgetKey: it.site,
      isConnected: it.isOnlineAtFirst,
      isGone: false,
      isExcused: false,
      state: 'pending',
      attempts: 0,
      mayRetry: false,
      hasPrevious: it.hasPrevious,
      ...(it.unfit && { unfit: { code: 'UNFIT', detail: 'too small' } }),
      script: it,
      answered: 0,
      orders: 0,
    }));
    for (const member of this.members) this.#scheduleLife(member);
    if (world.rollbackAtMin !== undefined) {
      this.#at(world.rollbackAtMin * MINUTE_MS, () => {
        if (this.#state === 'running' || this.#state === 'paused') this.#enter('rolling_back');
      });
    }
  }

  /** @returns the state it ended in */
  run(): string {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if (OVER.includes(this.#state)) return this.#state;
      const snapshot = this.#snapshot();
      const plan = planRollout(snapshot, this.#nowMs);
      assert.deepEqual(planRollout(structuredClone(snapshot), this.#nowMs), plan, 'the same plan again');
      if (plan.steps.length > 0) {
        for (const step of plan.steps) this.#perform(step);
        this.#check();
      } else this.#wait(plan.wakeAtMs);
    }
    throw new Error(`did not end: ${this.#state}`);
  }

  #snapshot(): RolloutSnapshot {
    const { gate, policy } = this.#world;
    const isTold = this.#nowMs >= gate.fromMin * MINUTE_MS;
    const judged = policy.gates.length > 0 && isTold;
    return {
      state: this.#state,
      policy,
      startedAtMs: 0,
      rollingBackSinceMs: this.#rollingBackSinceMs,
      groups: this.groups,
      members: this.members.map(({ script: own, answered: _answered, orders: _orders, ...member }) => ({
        ...member,
        ...(own.windowOpensAtMin * MINUTE_MS > this.#nowMs && {
          windowOpensAtMs: own.windowOpensAtMin * MINUTE_MS,
        }),
        ...(own.takenUntilMin * MINUTE_MS > this.#nowMs && { takenBy: 'other' }),
      })),
      verdicts: judged ? [{ gate: 'fps', verdict: gate.verdict, why: 'drawn' }] : [],
      otherInWork: new Map(),
    };
  }

  #perform(step: RolloutStep): void {
    if (step.kind === 'rollout') this.#enter(step.to);
    else if (step.kind === 'group') this.#moveGroup(step.index, step.to);
    else this.#performOn(step);
  }

  #performOn(step: Exclude<RolloutStep, { kind: 'rollout' | 'group' }>): void {
    const member = this.members.find(({ deviceId }) => deviceId === step.deviceId);
    assert.ok(member);
    if (step.kind === 'end') {
      member.state = step.to;
      member.mayRetry = step.code === 'STEP_TIMEOUT';
    } else if (step.kind === 'end_restore') {
      assert.ok(member.restore);
      member.restore = { ...member.restore, state: step.to, mayRetry: true };
    } else this.#order(member, step);
  }

  #order(member: SimMember, step: Extract<RolloutStep, { kind: 'order' | 'restore' }>): void {
    assert.ok(member.isConnected && !member.isGone, 'only who is there is ordered');
    assert.ok(!isRestoring(member), 'no device is in two deployments at once');
    assert.ok(step.kind === 'order' || this.#world.policy.type !== 'download_only', 'nothing ran');
    member.orders += 1;
    if (step.kind === 'restore') {
      member.restore = {
        state: 'pending',
        attempts: step.attempt,
        orderedAtMs: this.#nowMs,
        mayRetry: false,
      };
    } else {
      assert.ok(!isInWork(member), 'no device is in two deployments at once');
      assert.ok(member.unfit === undefined, 'who cannot take the bundle is not ordered');
      assert.ok(step.attempt <= this.#world.policy.retries + 1, 'no more attempts than may');
      assert.ok(
        this.groups.every(({ index, state }) => index >= member.group || state === 'finished'),
        'no group before its turn',
      );
      Object.assign(member, { state: 'pending', attempts: step.attempt, orderedAtMs: this.#nowMs });
      member.mayRetry = false;
    }
    this.#answer(member, step.kind, member.orders);
  }

  #answer(member: SimMember, kind: 'order' | 'restore', order: number): void {
    const answers = member.script.answers;
    const answer = answers[member.answered++ % answers.length] ?? answers[0] ?? fail();
    const { afterMin, mayRetry, quietMin } = answer;
    const { type, softHours = SOFT_HOURS } = this.#world.policy;
    const isSoft = type === 'soft' && kind === 'order';
    const state = type === 'download_only' && answer.state === 'success' ? 'kept' : answer.state;
    const waitMin = isSoft ? Math.min(quietMin, softHours * 60) : 0;
    if (isSoft) {
      this.#at(this.#nowMs + afterMin * MINUTE_MS, () => {
        const isOwn = member.orders === order && isInWork(member);
        if (isOwn) Object.assign(member, { state: 'waiting_for_quiet', changedAtMs: this.#nowMs });
      });
    }
    if (state === 'silence') return;
    this.#at(this.#nowMs + (afterMin + waitMin) * MINUTE_MS, () => {
      const isLate = member.orders !== order;
      if (kind === 'order' && isInWork(member)) {
        Object.assign(member, { state: isLate ? 'aborted' : state, mayRetry, changedAtMs: this.#nowMs });
      } else if (kind === 'restore' && member.restore !== undefined && isRestoring(member) && !isLate) {
        member.restore = { ...member.restore, state, mayRetry, changedAtMs: this.#nowMs };
        if (isInWork(member)) member.state = 'aborted';
      }
    });
  }

  #moveGroup(index: number, to: Group['state']): void {
    const group = this.groups[index];
    assert.ok(group && advance(GROUP_LIFECYCLE, group.state, to), `group ${group?.state} -> ${to}`);
    const own = this.members.filter((member) => member.group === index);
    const { policy } = this.#world;
    const isOutOfTime = this.#nowMs >= policy.timeoutMinutes * MINUTE_MS;
    const counts = tally(own, isOutOfTime ? { ...policy, retries: 0 } : policy);
    if (group.state === 'running' && to === 'soaking' && counts.eligible > 0) {
      assert.ok(counts.executed >= Math.min(policy.minExecuted, counts.eligible), 'judged on enough devices');
    }
    group.state = to;
    if (to === 'soaking') group.soakingSinceMs = this.#nowMs;
  }

  #enter(to: RolloutSnapshot['state']): void {
    assert.ok(advance(ROLLOUT_LIFECYCLE, this.#state, to), `rollout ${this.#state} -> ${to}`);
    this.#state = to;
    if (to === 'rolling_back') this.#rollingBackSinceMs = this.#nowMs;
    if (to !== 'paused' || this.#resumes === 0) return;
    this.#resumes -= 1;
    this.#at(this.#nowMs + 7 * MINUTE_MS, () => {
      if (this.#state !== 'paused') return;
      for (const member of this.members) member.isExcused = true;
      this.#state = 'running';
    });
  }

  /** Budgets hold at every moment, whatever was ordered. */
  #check(): void {
    const { policy } = this.#world;
    const disturbed = this.members.filter((member) => isInWork(member) || isRestoring(member));
    for (const site of ['a', 'b', 'c']) {
      const count = disturbed.filter(({ budgetKey }) => budgetKey === site).length;
      assert.ok(count <= (policy.disruptionBudget?.maxUnavailable ?? 99), `${count} dark at ${site}`);
    }
    const downloading = this.members.filter(
      (member) => isDownloading(member) || (member.restore !== undefined && isDownloading(member.restore)),
    );
    assert.ok(downloading.length <= policy.maxParallelDownloads, 'parallel downloads');
    const recent = this.members.filter(
      ({ orderedAtMs = -Infinity, restore }) =>
        this.#nowMs - Math.max(orderedAtMs, restore?.orderedAtMs ?? -Infinity) < MINUTE_MS,
    );
    assert.ok(recent.length <= policy.rate.max, 'orders a minute');
  }

  #scheduleLife(member: SimMember): void {
    const { togglesAtMin, goneAtMin, windowOpensAtMin, takenUntilMin } = member.script;
    for (const atMin of togglesAtMin) {
      this.#at(atMin * MINUTE_MS, () => {
        member.isConnected = !member.isConnected;
      });
    }
    for (const atMin of [windowOpensAtMin, takenUntilMin]) this.#at(atMin * MINUTE_MS, () => undefined);
    if (goneAtMin !== undefined) {
      this.#at(goneAtMin * MINUTE_MS, () => {
        member.isGone = true;
      });
    }
    this.#at(this.#world.gate.fromMin * MINUTE_MS, () => undefined);
  }

  #at(atMs: number, run: () => void): void {
    this.#due = [...this.#due, { atMs, run }].sort((one, other) => one.atMs - other.atMs);
  }

  #wait(wakeAtMs: number | undefined): void {
    const [next] = this.#due;
    if (next !== undefined && next.atMs <= (wakeAtMs ?? Number.POSITIVE_INFINITY)) {
      this.#due.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      return;
    }
    assert.ok(wakeAtMs !== undefined && wakeAtMs > this.#nowMs, `stuck in ${this.#state}: nothing wakes it`);
    this.#nowMs = wakeAtMs;
  }
}

function fail(): never {
  throw new Error('no answer was drawn');
}

test('whatever devices and people do: budgets hold, nothing is judged too early, and every rollout ends', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const simulation = new Simulation(world);
      const end = simulation.run();
      assert.ok(
        simulation.members.every((member) => !isInWork(member) && !isRestoring(member)),
        'nobody is left in work',
      );
      if (end === 'finished') {
        const late = { ...world.policy, retries: 0 };
        assert.ok(simulation.members.every((member) => !isWaiting(member, late)));
      }
    }),
    { numRuns: 1_000 },
  );
});
