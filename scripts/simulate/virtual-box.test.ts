import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentBody } from '@watchpost/shared/messages/deployment.ts';
import type { Durable } from '@watchpost/shared/messages/durable.ts';
import { parsePayload, type TopicKind } from '@watchpost/shared/topics.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import { epochOf, type Population, planBox } from './population.ts';
import { parseScenario } from './scenario.ts';
import { type BoxAct, type BoxInput, createBox, nextDueMs, turnBox, type VirtualBox } from './virtual-box.ts';

const OLD = { model: 'sim-pets', version: '1.0.0', digest: 'a'.repeat(64), variant: 'fp32' };
const NEW = 'b'.repeat(64);
const EPOCH = epochOf('sim-1-00001', 1);

/** A box in the hands of a test: its clock, its draws, and all it said. */
class Played {
  readonly #population: Population;
  nowMs = 1_000_000;
  box: VirtualBox;
  readonly acts: BoxAct[] = [];

  constructor(scenario: object) {
    const parsed = parseScenario(
      { rampSec: 0, telemetry: { liveSec: 0, summarySec: 0, eventSec: 0 }, ...scenario },
      'test',
    );
    this.#population = { scenario: parsed, seed: 1, fleet: 'main', bundles: { '1.0.0': OLD } };
    this.box = createBox(planBox(this.#population, 0), this.#moment());
  }

  #moment() {
    return { nowMs: this.nowMs, random01: () => 0.5, scenario: this.#population.scenario };
  }

  take(input: BoxInput): this {
    const { box, acts } = turnBox(this.box, input, this.#moment());
    this.box = box;
    this.acts.push(...acts);
    return this;
  }

  /** Lets time pass: every tick is given when it is due. */
  pass(sec: number): this {
    const endMs = this.nowMs + sec * 1000;
    for (let dueMs = nextDueMs(this.box); dueMs <= endMs; dueMs = nextDueMs(this.box)) {
      this.nowMs = Math.max(this.nowMs, Math.ceil(dueMs));
      this.take({ kind: 'tick' });
    }
    this.nowMs = endMs;
    return this;
  }

  connect(): this {
    return this.pass(0).take({ kind: 'connected' });
  }

  receipt(upTo: Readonly<Record<string, number>>): this {
    return this.take({ kind: 'receipt', receipt: { epoch: EPOCH, upTo } });
  }

  /** What went out on a topic, what was sent again once; each message fits its schema. */
  said(topic: TopicKind): readonly object[] {
    const bodies = this.acts.flatMap((act) =>
      act.kind === 'send' && act.topic === topic
        ? [parsePayload(topic, JSON.stringify(act.body)) as object & Partial<Durable>]
        : [],
    );
    const isFirst = ({ epoch, seq }: Partial<Durable>, at: number): boolean =>
      seq === undefined || bodies.findIndex((other) => other.epoch === epoch && other.seq === seq) === at;
    return bodies.filter(isFirst);
  }

  states(): readonly string[] {
    const told = this.said('deployment') as readonly DeploymentBody[];
    return told.filter(({ state }, at) => state !== told[at - 1]?.state).map(({ state }) => state);
  }
}

function order(counter: number, change: Partial<Order> = {}): BoxInput {
  return {
    kind: 'order',
    order: {
      deviceId: 'sim-1-00001',
      deploymentId: `deployment-${counter}`,
      target: 'models/sim-pets/2.0.0',
      sha256: NEW,
      length: 100,
      releaseCounter: 2,
      counter,
      notBeforeMs: 0,
      expiresMs: 8e15,
      nonce: `nonce-of-the-order-${counter}`,
      ...change,
    },
  };
}

const FETCHED = ['queued', 'downloading', 'downloaded', 'verifying'];
const TESTED = [...FETCHED, 'installing', 'testing'];
const ENDINGS: readonly (readonly [string, object, readonly string[], string])[] = [
  ['succeeds', {}, [...TESTED, 'success'], NEW],
  ['is rejected', { rejected: 1 }, [...FETCHED, 'rejected'], OLD.digest],
  ['fails its self-test', { failure: 1 }, [...TESTED, 'failure'], OLD.digest],
  ['fails its probation', { rolledBack: 1 }, [...TESTED, 'rolled_back'], OLD.digest],
];

for (const [name, behaviour, states, digest] of ENDINGS)
  test(`a deployment that ${name} is told step by step, and what runs afterwards too`, () => {
    const box = new Played({ models: { '2.0.0': behaviour } }).connect().take(order(1));
    for (let round = 0; round < 20; round += 1) {
      box.pass(60);
      box.receipt({ deployment: box.box.outbox.lastSeq.deployment });
    }
    assert.deepEqual(box.states(), states);
    assert.equal(box.box.active?.digest, digest);
    assert.equal(box.box.told?.state, states.at(-1));
    assert.equal(box.box.work, undefined);
  });

const SOFT = { type: 'soft', softUntilMs: 8e15 } as const;
const TYPES: readonly (readonly [string, Partial<Order>, object, readonly string[], string])[] = [
  ['waits for quiet', SOFT, {}, [...FETCHED, 'waiting_for_quiet', 'testing', 'success'], NEW],
  [
    'waits until its time has come',
    { ...SOFT, softUntilMs: 1_000_000 + 200_000 },
    { quietSec: 1e9 },
    [...FETCHED, 'waiting_for_quiet', 'testing', 'success'],
    NEW,
  ],
  ['is only to be kept', { type: 'download_only' }, {}, [...FETCHED, 'kept'], OLD.digest],
];
for (const [name, change, steps, states, digest] of TYPES)
  test(`a deployment that ${name} is told as the agent tells it`, () => {
    const box = new Played({ steps }).connect().take(order(1, change));
    box.pass(120);
    if (change.type === 'soft') assert.equal(box.box.told?.state, 'waiting_for_quiet');
    for (let round = 0; round < 60; round += 1) {
      box.pass(60);
      box.receipt({ deployment: box.box.outbox.lastSeq.deployment });
    }
    assert.deepEqual(box.states(), states);
    assert.equal(box.box.active?.digest, digest);
  });

test('an order takes the place of one that waits for quiet', () => {
  const box = new Played({ network: { downloadSec: 1 } }).connect().take(order(1, SOFT)).pass(60);
  box.take(order(2)).pass(600);
  assert.deepEqual(box.states().slice(4, 8), ['waiting_for_quiet', 'aborted', 'queued', 'downloading']);
  assert.equal(box.box.active?.digest, NEW);
});

test('an order told again at the next connection changes nothing, an older one neither', () => {
  const box = new Played({}).connect().take(order(5)).pass(1);
  const told = box.said('deployment').length;
  box.take(order(5)).take(order(4)).pass(1);
  assert.equal(box.said('deployment').length, told);
});

test('an order takes the place of one that is under way', () => {
  const box = new Played({}).connect().take(order(1)).pass(1).take(order(2)).pass(1);
  assert.deepEqual(box.states(), ['queued', 'downloading', 'aborted', 'queued', 'downloading']);
});

test('an order for what runs already is answered so', () => {
  const box = new Played({})
    .connect()
    .take(order(1, { sha256: OLD.digest, target: 'models/sim-pets/1.0.0' }));
  assert.deepEqual(box.states(), ['already_installed']);
});

test('a download waits for the network', () => {
  const box = new Played({ network: { downloadSec: 10 } }).connect().take(order(1));
  box.take({ kind: 'disconnected' }).pass(0.5);
  assert.equal(box.box.told?.state, 'downloading');
  box.pass(600);
  assert.equal(box.box.told?.state, 'downloading');
  box.take({ kind: 'connected' }).pass(1);
  assert.notEqual(box.box.told?.state, 'downloading');
});

test('what no receipt covers is sent again at the next connection, under its own number and as historical', () => {
  const box = new Played({}).connect().take(order(1));
  const first = box.said('deployment') as readonly Durable[];
  assert.deepEqual(
    first.map(({ seq }) => seq),
    [1, 2],
  );
  box.receipt({ deployment: 1 }).take({ kind: 'disconnected' });
  box.acts.length = 0;
  box.take({ kind: 'connected' });
  const again = box.said('deployment') as readonly Durable[];
  assert.deepEqual(
    again.map(({ seq, firstSeq, historical }) => ({ seq, firstSeq, historical })),
    [{ seq: 2, firstSeq: 2, historical: true }],
  );
});

test('a connection that breaks is tried again later each time', () => {
  const box = new Played({});
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    box.pass(0).take({ kind: 'disconnected' });
    pauses.push(nextDueMs(box.box) - box.nowMs);
    box.nowMs = nextDueMs(box.box);
  }
  assert.deepEqual(pauses, [550, 1100, 2200, 4400]);
});

test('a storm keeps a box away for as long as it says', () => {
  const box = new Played({}).connect().take({ kind: 'storm', backWithinMs: 20_000 });
  assert.deepEqual(box.acts.at(-1), { kind: 'close' });
  box.take({ kind: 'disconnected' });
  assert.equal(nextDueMs(box.box) - box.nowMs, 10_000);
});

test('a box that is switched off stays off, or comes back after a while', () => {
  assert.equal(nextDueMs(new Played({ network: { offline01: 1 } }).box), Number.POSITIVE_INFINITY);
  const box = new Played({ network: { offline01: 1, offSec: 60 } });
  assert.ok(nextDueMs(box.box) > box.nowMs && nextDueMs(box.box) < Number.POSITIVE_INFINITY);
});

test('a disk from a backup goes on under another epoch once a receipt shows how old it is', () => {
  const box = new Played({ restored: { share: 1, atSec: 900 } }).connect().take(order(1)).pass(600);
  box.receipt({ deployment: box.box.outbox.lastSeq.deployment }).pass(301);
  assert.equal(box.box.active?.digest, OLD.digest);
  box.take({ kind: 'disconnected' }).pass(1).take({ kind: 'connected' });
  box.take(order(1)).receipt({ deployment: 11 });
  box.acts.length = 0;
  box.pass(100);
  assert.equal(box.box.epochNumber, 2);
  for (const { epoch } of box.said('deployment') as readonly Durable[])
    assert.equal(epoch, epochOf('sim-1-00001', 2));
});

test('summaries tell what the model of the scenario does', () => {
  const box = new Played({
    models: { '1.0.0': { errors01: 0.2 } },
    telemetry: { liveSec: 10, summarySec: 60, eventSec: 100 },
  })
    .connect()
    .pass(300);
  const summaries = box
    .said('telemetry')
    .flatMap((sample) => ('inference' in sample ? [sample.inference] : []));
  assert.equal(summaries.length, 5);
  const [first] = summaries as readonly { readonly framesCaptured: number; readonly framesFailed: number }[];
  assert.deepEqual([first?.framesCaptured, first?.framesFailed], [300, 60]);
  assert.ok(box.said('telemetry').length > 20);
  assert.ok(box.said('cameraEvent').length > 2);
});

test('a box greets as the agent does', () => {
  const box = new Played({ boxes: { cameras: 2 } }).connect();
  assert.equal(box.said('birth').length, 1);
  assert.equal(box.said('cameraStatus').length, 2);
  assert.equal(box.said('reportedModel').length, 1);
});
