import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicKind } from '@watchpost/shared/topics.ts';
import { parseInbound } from './inbound.ts';

const NUMBERS = { epoch: '00000000000000aa', seq: 7, firstSeq: 2, historical: false };
const EVENT = {
  id: 's1',
  type: 'new',
  label: 'cat',
  score: 0.9,
  tsMs: 1,
  votes: { label: 3, window: 5 },
  thresholds: { enter: 0.7, exit: 0.4 },
  bundleDigest: 'b'.repeat(64),
  ...NUMBERS,
};
const SAMPLE = {
  tsMs: 1,
  windowSec: 0,
  uptimeSec: 1,
  cpu: { load01: 0, loadAvg1: 0 },
  gpu: [],
  temperatures: [],
  memory: { totalBytes: 1, availableBytes: 1, agentRssBytes: 1 },
  disk: { totalBytes: 1, freeBytes: 1 },
  network: { rxBytesPerSec: 0, txBytesPerSec: 0 },
  throttled: false,
  clock: { synced: true },
  outbox: { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 },
};

const parse = (kind: TopicKind, body: unknown, camera?: string) =>
  parseInbound({
    address: { fleet: 'main', device: 'box-1', kind, ...(camera === undefined ? {} : { camera }) },
    payload: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  });

test('an event is durable and knows its camera', () => {
  assert.deepEqual(parse('cameraEvent', EVENT, 'door'), {
    kind: 'durable',
    message: { stream: 'event', deviceId: 'box-1', camera: 'door', body: EVENT },
  });
});

test('an event of a region keeps its region; one that is no id is refused', () => {
  const inbound = parse('cameraEvent', { ...EVENT, region: 'lawn' }, 'door');
  assert.ok(
    inbound.kind === 'durable' && inbound.message.stream === 'event' && 'label' in inbound.message.body,
  );
  assert.equal(inbound.message.body.region, 'lawn');
  assert.equal(parse('cameraEvent', { ...EVENT, region: 'a/b' }, 'door').kind, 'invalid');
});

test('what a camera says is understood with and without what a newer box says more', () => {
  const status = { tsMs: 1, condition: 'online', quality01: 1 };
  const slowed = { level: 'reduced', why: ['heat'], sinceMs: 1 };
  const state = { tsMs: 1, sinceMs: 1, score: 0.9, model: 'pets@1', digest: 'b'.repeat(64) };
  const pace = {
    ...{ tsMs: 1, windowSec: 5, capturedFps: 5, processedFps: 1, skippedFps: 0, processedTotal: 9 },
    ...{ inferMs: { p50: 1, p95: 1, p99: 1 }, endToEndMs: { p50: 1, p95: 1, p99: 1 }, reconnects: 0 },
  };
  const said = [
    ['cameraStatus', status],
    ['cameraStatus', { ...status, slowed }],
    ['cameraState', state],
    [
      'cameraState',
      { ...state, label: 'cat', regions: [{ id: 'lawn', label: 'cat', sinceMs: 1, score: 0.9 }] },
    ],
    ['cameraStats', pace],
    ['cameraStats', { ...pace, gatedFps: 4, governedFps: 0, tier: 'keyframes' }],
  ] as const;
  for (const [kind, body] of said) assert.equal(parse(kind, body, 'door').kind, 'live', JSON.stringify(body));
});

test('a deployment change is durable', () => {
  const body = { deploymentId: 'd', tsMs: 1, state: 'queued', bundleDigest: 'b'.repeat(64), ...NUMBERS };
  assert.equal(parse('deployment', body).kind, 'durable');
});

test('telemetry with a number is durable, without one it is live', () => {
  assert.equal(parse('telemetry', { ...SAMPLE, ...NUMBERS }).kind, 'durable');
  assert.equal(parse('telemetry', SAMPLE).kind, 'live');
});

test('what a box knew of its clock is kept with each durable message, and a word nobody knows is refused', () => {
  const change = { deploymentId: 'd', tsMs: 1, state: 'queued', bundleDigest: 'b'.repeat(64), ...NUMBERS };
  const messages = [
    ['cameraEvent', EVENT, 'door'],
    ['deployment', change, undefined],
    ['telemetry', { ...SAMPLE, ...NUMBERS }, undefined],
  ] as const;
  for (const [kind, body, camera] of messages) {
    const known = parse(kind, { ...body, clockState: 'behind' }, camera);
    assert.ok(known.kind === 'durable', kind);
    assert.equal(known.message.body.clockState, 'behind');
    const unknown = parse(kind, { ...body, clockState: 'late' }, camera);
    assert.ok(unknown.kind === 'invalid', kind);
    assert.deepEqual(unknown.rejected?.body, NUMBERS);
  }
});

test('a reply to a command names its device and the command of its topic', () => {
  const body = { id: 'c1', state: 'done', result: { sizeBytes: 9 } };
  const address = { fleet: 'main', device: 'box-1', kind: 'commandReply', command: 'snapshot' } as const;
  const payload = new TextEncoder().encode(JSON.stringify(body));
  assert.deepEqual(parseInbound({ address, payload }), {
    kind: 'reply',
    reply: { deviceId: 'box-1', name: 'snapshot', body },
  });
  assert.equal(parse('commandReply', { ...body, state: 'pending' }).kind, 'invalid');
});

test('a status is live', () => {
  const body = { state: 'online', session: 's', tsMs: 1 };
  const inbound = parse('status', body);
  assert.equal(inbound.kind === 'live' && inbound.report.kind, 'status');
});

const INVALID: readonly (readonly [string, TopicKind, unknown, string, boolean])[] = [
  ['text that is not JSON', 'status', '{', 'MESSAGE_INVALID', false],
  ['a field that is missing', 'status', { state: 'online' }, 'MESSAGE_INVALID', false],
  ['an event that is not JSON', 'cameraEvent', 'x', 'MESSAGE_INVALID', false],
  ['an event without a number', 'cameraEvent', { ...EVENT, seq: undefined }, 'MESSAGE_INVALID', false],
  ['an event with a bad number', 'cameraEvent', { ...EVENT, seq: 0 }, 'MESSAGE_INVALID', false],
  ['an event with an unknown field', 'cameraEvent', { ...EVENT, mood: 'good' }, 'MESSAGE_INVALID', true],
  ['a change of an unknown state', 'deployment', { ...NUMBERS, state: 'odd' }, 'MESSAGE_INVALID', true],
  ['telemetry with half of the numbers', 'telemetry', { ...SAMPLE, seq: 3 }, 'MESSAGE_INVALID', false],
  ['a receipt from a device', 'receipt', { epoch: 'a', upTo: {} }, 'TOPIC_INVALID', false],
];

for (const [name, kind, body, code, isNumbered] of INVALID) {
  test(`${name} is invalid, ${isNumbered ? 'and kept aside under its number' : 'and has no number'}`, () => {
    const inbound = parse(kind, body, kind === 'cameraEvent' ? 'door' : undefined);
    assert.equal(inbound.kind, 'invalid');
    if (inbound.kind !== 'invalid') return;
    assert.equal(inbound.error.code, code);
    assert.deepEqual(inbound.rejected?.body, isNumbered ? NUMBERS : undefined);
  });
}

test('what is kept of an invalid message is bounded', () => {
  const inbound = parse('cameraEvent', { ...EVENT, filler: 'x'.repeat(100_000) }, 'door');
  assert.ok(inbound.kind === 'invalid' && inbound.rejected !== undefined);
  assert.equal(inbound.rejected.payload.length, 16_384);
  assert.match(inbound.rejected.problem, /filler/);
});

test('numbers that cannot be counted on from, and times no Date can name, are refused', () => {
  const beyond = 2 ** 53;
  for (const change of [{ seq: beyond }, { seq: beyond, firstSeq: beyond }, { tsMs: 1e300 }])
    assert.equal(parse('cameraEvent', { ...EVENT, ...change }, 'door').kind, 'invalid');
});
