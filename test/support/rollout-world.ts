import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as later } from 'node:timers';
import type { RolloutRequest, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { DEPLOYMENT_LIFECYCLE, type DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Birth } from '@watchpost/shared/messages/birth.ts';
import { ORDER_TYPES, type Order } from '@watchpost/shared/trust/order.ts';
import { createFleetView } from '../../fleet-server/src/devices/fleet-view.ts';
import { createCronerWindow } from '../../fleet-server/src/rollouts/croner-window.ts';
import { createDirector } from '../../fleet-server/src/rollouts/director.ts';
import type { Director, Rollouts } from '../../fleet-server/src/rollouts/port.ts';
import {
  createRolloutEngine,
  type RolloutEngine,
  type RolloutEngineDeps,
} from '../../fleet-server/src/rollouts/rollout-engine.ts';
import { createRollouts } from '../../fleet-server/src/rollouts/rollouts.ts';
import type { BundleRecord, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createTargeting } from '../../fleet-server/src/targeting/targeting.ts';
import { changeMessage, deviceRecord } from './fleet-data.ts';
import { POLICY } from './rollout-data.ts';
import { trustOf } from './test-order.ts';
import { until } from './until.ts';

/** A box of the world: what it answers to an order, one state after the other; undefined: that it took the bundle. */
export interface WorldBox {
  readonly id: string;
  readonly site?: string;
  readonly runs?: BundleRecord;
  readonly isAway?: boolean;
  /** Its agent is from before there were types of orders. */
  readonly isOld?: boolean;
  /** It says nothing of itself when it connects. */
  readonly isSilent?: boolean;
  answer?(order: Order): readonly (readonly [state: DeploymentState, reason?: string])[] | undefined;
}

export interface RolloutWorldOptions {
  readonly path: string;
  readonly boxes: readonly WorldBox[];
  readonly bundles: readonly BundleRecord[];
  readonly gates?: RolloutEngineDeps['gates'];
  readonly log?: Logger;
}

/** Opens worlds for the tests of one file, each on a store of its own; all end with the file. */
export function prepareRolloutWorlds(): (
  options: Omit<RolloutWorldOptions, 'path'>,
) => Promise<RolloutWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-rollouts-'));
  const worlds: RolloutWorld[] = [];
  after(async () => {
    for (const world of worlds) await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return async (options) => {
    const world = await openRolloutWorld({ ...options, path: join(folder, `${worlds.length}.db`) });
    worlds.push(world);
    return world;
  };
}

/** Rollouts over a real store, with boxes that live in this process and clocks that can be put forward. */
export interface RolloutWorld {
  readonly store: Store;
  readonly engine: RolloutEngine;
  readonly director: Director;
  readonly desk: Rollouts;
  readonly clock: { aheadMs: number };
  /** Orders that reached a box, by box, in their order. */
  readonly orders: ReadonlyMap<string, readonly Order[]>;
  /** Most boxes of a site that were at work at once. */
  readonly darkest: ReadonlyMap<string, number>;
  /** What each box runs; a test may have one run something it never told of. */
  readonly runs: Map<string, string>;
  connect(id: string): void;
  /** What its agent says of itself. */
  introduce(id: string): void;
  disconnect(id: string): void;
  tag(id: string, tag: string): Promise<void>;
  /** A box tells something more of its newest order. */
  say(id: string, state: DeploymentState, epoch?: string): Promise<void>;
  /** Another server over the same store. */
  openEngine(): RolloutEngine;
  create(request: Partial<RolloutRequest>): Promise<RolloutView>;
  /** Waits until the rollout is in one of these states. */
  settle(id: string, ...states: readonly RolloutView['state'][]): Promise<RolloutView>;
  forward(ms: number): void;
  stop(): Promise<void>;
}

const SUCCEEDS = [['downloading'], ['testing'], ['success']] as const;
const ANA = { kind: 'user', id: 'ana' } as const;

export async function openRolloutWorld(options: RolloutWorldOptions): Promise<RolloutWorld> {
  const store = await openSqliteStore(options.path);
  for (const bundle of options.bundles) await store.bundles.add(bundle);
  for (const { id, site } of options.boxes) {
    await store.devices.save(deviceRecord(id));
    if (site !== undefined) await store.targeting.changeMetadata(id, (before) => ({ ...before, site }));
  }
  const world = new World(options, store);
  await world.start();
  return world;
}

class World implements RolloutWorld {
  readonly store: Store;
  readonly engine: RolloutEngine;
  readonly director: Director;
  readonly desk: Rollouts;
  readonly clock = { aheadMs: 0 };
  readonly orders = new Map<string, Order[]>();
  readonly darkest = new Map<string, number>();
  readonly runs = new Map<string, string>();
  readonly #options: RolloutWorldOptions;
  readonly #boxes: ReadonlyMap<string, WorldBox>;
  readonly #view: ReturnType<typeof createFleetView>;
  readonly #targeting: ReturnType<typeof createTargeting>;
  readonly #engines: RolloutEngine[] = [];
  readonly #seqs = new Map<string, number>();
  readonly #busy = new Map<string, string>();
  /** By deployment. */
  readonly #told = new Map<string, DeploymentState>();
  /** Anew with each world: a box whose server is another one counts on. */
  readonly #epoch = randomUUID().replaceAll('-', '').slice(0, 16);
  #work: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(options: RolloutWorldOptions, store: Store) {
    this.#options = options;
    this.store = store;
    this.#boxes = new Map(options.boxes.map((box) => [box.id, box]));
    const schedule = (delayMs: number, run: () => void) => {
      const timer = later(run, delayMs).unref();
      return () => clearTimeout(timer);
    };
    this.#view = createFleetView({ store, nowMs: this.nowMs, schedule });
    this.#targeting = createTargeting({
      view: this.#view,
      store: store.targeting,
      bundles: store.bundles,
      deployments: store.deployments,
    });
    this.director = createDirector({
      sign: async (order) => JSON.stringify(order),
      store,
      broker: {
        publish: async (_kind, _to, body) => this.#hear(JSON.parse((body as { order: string }).order)),
      },
      projection: this.#view,
      trust: trustOf(options.bundles),
      nowMs: this.nowMs,
      newId: randomUUID,
    });
    this.engine = this.openEngine();
    this.desk = createRollouts({
      store: store.rollouts,
      bundles: store.bundles,
      engine: this.engine,
      targeting: this.#targeting,
      windows: createCronerWindow(),
      audit: { record: async () => ({}) as never },
      nowMs: this.nowMs,
      newId: randomUUID,
    });
  }

  readonly nowMs = (): number => Date.now() + this.clock.aheadMs;

  async start(): Promise<void> {
    await this.#view.start(new AbortController().signal);
    for (const { id, runs, isAway = false } of this.#options.boxes) {
      if (runs !== undefined) this.#run(id, runs.digest);
      if (!isAway) this.connect(id);
    }
    await this.engine.start(new AbortController().signal);
  }

  openEngine(): RolloutEngine {
    const engine = createRolloutEngine({
      store: this.store,
      director: this.director,
      presence: this.#view,
      projection: this.#view,
      targeting: this.#targeting,
      gates: this.#options.gates ?? { judge: async () => [] },
      windows: createCronerWindow(),
      ranBefore: async () => undefined,
      nowMs: this.nowMs,
      monotonicMs: () => performance.now() + this.clock.aheadMs,
      owner: randomUUID(),
      log: this.#options.log ?? silentLogger,
      debounceMs: 1,
      graceMs: 0,
    });
    this.#engines.push(engine);
    return engine;
  }

  connect(id: string): void {
    this.#view.setPresence(id, true);
    if (this.#boxes.get(id)?.isSilent !== true) this.introduce(id);
    const digest = this.runs.get(id);
    if (digest !== undefined) {
      const active = { model: 'petpark', version: '0', digest, variant: 'fp32' };
      this.#view.apply({ kind: 'reportedModel', deviceId: id, body: { tsMs: 1, active } as never });
    }
    for (const engine of this.#engines) engine.notePresence(id);
  }

  introduce(id: string): void {
    const isOld = this.#boxes.get(id)?.isOld === true;
    const birth: Birth = {
      ...{ agentVersion: '0.1.0', startedAtMs: 1, executionProviders: ['cpu'], cameras: [] },
      ...(!isOld && { orderTypes: [...ORDER_TYPES] }),
      ...{ hardware: deviceRecord(id).hardware, epoch: this.#epoch, lastSeq: {} },
    };
    this.#view.apply({ kind: 'birth', deviceId: id, body: birth });
    for (const engine of this.#engines) engine.notePresence(id);
  }

  disconnect(id: string): void {
    this.#view.setPresence(id, false);
    for (const engine of this.#engines) engine.notePresence(id);
  }

  async tag(id: string, tag: string): Promise<void> {
    const { after } = await this.store.targeting.changeMetadata(id, (before) => ({ ...before, tags: [tag] }));
    this.#view.setMetadata(id, after);
  }

  async say(id: string, state: DeploymentState, epoch = this.#epoch): Promise<void> {
    const box = this.#boxes.get(id);
    const order = this.orders.get(id)?.at(-1);
    if (box !== undefined && order !== undefined) await this.#answer(box, order, [[state]], epoch);
  }

  async create(request: Partial<RolloutRequest>): Promise<RolloutView> {
    const { policy, ...rest } = request;
    const defaults = { name: 'spring', priority: 100, requiresApproval: false, start: true } as const;
    return this.desk.create({ ...defaults, ...rest, policy: { ...POLICY, ...policy } }, ANA);
  }

  async settle(id: string, ...states: readonly RolloutView['state'][]): Promise<RolloutView> {
    await until(`rollout is ${states.join(' or ')}`, async () => {
      const rollout = await this.store.rollouts.find(id);
      return rollout !== undefined && states.includes(rollout.state);
    });
    return this.desk.show(id);
  }

  forward(ms: number): void {
    this.clock.aheadMs += ms;
    for (const engine of this.#engines) engine.wake();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    for (const engine of this.#engines) await engine.stop();
    await this.#work;
    await this.#view.stop();
    await this.store.close();
  }

  #run(id: string, digest: string): void {
    this.runs.set(id, digest);
  }

  /** A box takes each order once, and none below one it took. */
  #hear(order: Order): void {
    const known = this.orders.get(order.deviceId) ?? [];
    if (known.some(({ counter }) => counter >= order.counter)) return;
    this.orders.set(order.deviceId, [...known, order]);
    const box = this.#boxes.get(order.deviceId);
    if (box === undefined) return;
    const before = known.at(-1);
    if (before !== undefined) this.#work = this.#work.then(() => this.#giveUp(box, before));
    this.#setBusy(box, order.deploymentId);
    const given = box.answer?.(order);
    const isThere = this.runs.get(box.id) === order.sha256;
    const answers = given ?? (isThere ? [['already_installed'] as const] : SUCCEEDS);
    this.#work = this.#work.then(() => this.#answer(box, order, answers));
  }

  /** The newer order takes the place of one that has not come to its end. */
  async #giveUp(box: WorldBox, order: Order): Promise<void> {
    const told = this.#told.get(order.deploymentId);
    if (told !== undefined && DEPLOYMENT_LIFECYCLE[told].length > 0) {
      await this.#answer(box, order, [['aborted']]);
    }
  }

  #setBusy({ id, site = '' }: WorldBox, deploymentId: string): void {
    this.#busy.set(id, deploymentId);
    const dark = [...this.#busy.keys()].filter(
      (other) => (this.#boxes.get(other)?.site ?? '') === site,
    ).length;
    this.darkest.set(site, Math.max(dark, this.darkest.get(site) ?? 0));
  }

  async #answer(
    { id }: WorldBox,
    { deploymentId, sha256 }: Order,
    answers: readonly (readonly [state: DeploymentState, reason?: string])[],
    epoch = this.#epoch,
  ): Promise<void> {
    for (const [state, reason] of answers) {
      if (this.#isOver) return;
      if (state === 'success') {
        this.#run(id, sha256);
        this.connect(id);
      }
      this.#told.set(deploymentId, state);
      const seq = (this.#seqs.get(id) ?? 0) + 1;
      this.#seqs.set(id, seq);
      const message = changeMessage(seq, state, {
        ...{ deviceId: id, deploymentId, epoch },
        ...(reason !== undefined && { reason }),
      });
      const result = await this.store.reports.commit([message], this.nowMs());
      this.#view.applyCommit(result, this.nowMs());
      const isEnd = !['queued', 'downloading', 'testing'].includes(state);
      if (isEnd && this.#busy.get(id) === deploymentId) this.#busy.delete(id);
      for (const engine of this.#engines) engine.applyCommit(result);
    }
  }
}
