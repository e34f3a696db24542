import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ProbationFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { InferenceWindow } from '@watchpost/shared/messages/telemetry.ts';
import { createStoredGateKeeper } from '../../fleet-server/src/gates/stored-gate-keeper.ts';
import type { DurableMessage, Store } from '../../fleet-server/src/store/port.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import {
  bundleRecord,
  changeMessage,
  deploymentRecord,
  deviceRecord,
  summaryMessage,
} from '../support/fleet-data.ts';

const MINUTE_MS = 60_000;
const OLD = 'a'.repeat(64);
const bundle = bundleRecord();
const ORDERED_AT_MS = 100 * MINUTE_MS;
const NOW_MS = 110 * MINUTE_MS;

let folder = '';
let store: Store;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-gates-'));
  store = await openSqliteStore(join(folder, 'fleet.db'));
  await store.bundles.add(bundle);
});
after(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const inference = (
  digest: string,
  framesFailed: number,
  rest: Partial<InferenceWindow> = {},
): InferenceWindow => ({
  digest,
  framesCaptured: 310,
  framesClassified: 300 - framesFailed,
  framesFailed,
  ...rest,
});

function summary(deviceId: string, minute: number, told: InferenceWindow | undefined): DurableMessage {
  const message = summaryMessage(minute, minute * MINUTE_MS, { deviceId, firstSeq: minute });
  assert.equal(message.stream, 'telemetry');
  const temperatures = [
    { zone: 'cpu', celsius: 40 + minute },
    { zone: 'gpu', celsius: 30 },
  ];
  return {
    ...message,
    body: { ...message.body, temperatures, ...(told !== undefined && { inference: told }) },
  };
}

test('windows of a model are stored once, and put together as they are asked for', async () => {
  const batch = [
    summary('w', 1, inference(OLD, 3, { inferP95Ms: 20 })),
    summary('w', 2, inference(OLD, 5, { inferP95Ms: 40 })),
    summary('w', 3, undefined),
    summary('w', 4, inference('b'.repeat(64), 7)),
    summary('w', 6, inference('b'.repeat(64), 9)),
  ];
  await store.reports.commit(batch, 6 * MINUTE_MS);
  await store.reports.commit(batch, 7 * MINUTE_MS);
  const list = (sinceMs: number, bucketMs: number) =>
    store.deviceWindows.list({ deviceId: 'w', sinceMs, bucketMs });
  assert.deepEqual(
    (await list(0, MINUTE_MS)).map(({ endedAtMs, framesFailed }) => [endedAtMs / MINUTE_MS, framesFailed]),
    [
      [1, 3],
      [2, 5],
      [4, 7],
      [6, 9],
    ],
  );
  const frames = { framesDue: 620, throttled01: 0 };
  assert.deepEqual((await list(0, 5 * MINUTE_MS))[0], {
    ...frames,
    digest: OLD,
    endedAtMs: 2 * MINUTE_MS,
    windowSec: 120,
    framesClassified: 592,
    framesFailed: 8,
    inferP95Ms: 30,
    celsius: 41.5,
  });
  assert.deepEqual(
    (await list(2 * MINUTE_MS, 5 * MINUTE_MS)).map(({ digest, framesFailed }) => [digest[0], framesFailed]),
    [
      ['a', 5],
      ['b', 7],
      ['b', 9],
    ],
  );
});

test('windows a device told long ago make room for what it tells now; those of others stay', async () => {
  const days = (count: number): number => count * 24 * 60;
  const at = async (deviceId: string) =>
    (await store.deviceWindows.list({ deviceId, sinceMs: 0, bucketMs: MINUTE_MS })).map(
      ({ endedAtMs }) => endedAtMs / MINUTE_MS,
    );
  const [first, second] = [days(1), days(2)];
  for (const deviceId of ['old', 'quiet']) {
    const batch = [first, second].map((minute) => summary(deviceId, minute, inference(OLD, 0)));
    await store.reports.commit(batch, second * MINUTE_MS);
  }
  const now = days(16.5);
  await store.reports.commit([summary('old', now, inference(OLD, 0))], now * MINUTE_MS);
  assert.deepEqual(await at('old'), [second, now]);
  assert.deepEqual(await at('quiet'), [first, second]);
});

/** The window that box-minute `minute` ends, and how many frames failed in it. */
const numbered = (
  [seq, minute, failed]: readonly [seq: number, minute: number, failed: number],
  deviceId: string,
  historical = false,
): DurableMessage => {
  const message = summary(deviceId, minute, inference(OLD, failed));
  return { ...message, body: { ...message.body, seq, firstSeq: 1, historical } } as DurableMessage;
};

async function listMinutes(
  deviceId: string,
): Promise<readonly (readonly [minute: number, failed: number])[]> {
  const windows = await store.deviceWindows.list({ deviceId, sinceMs: 0, bucketMs: MINUTE_MS });
  return windows.map(({ endedAtMs, framesFailed }) => [endedAtMs / MINUTE_MS, framesFailed]);
}

test('a window of a clock that is ahead is dated when it came, and one of its backlog not at all', async () => {
  const box = 'ahead';
  await store.reports.commit([numbered([1, 68, 1], box, true), numbered([2, 70, 2], box)], 10 * MINUTE_MS);
  await store.reports.commit([numbered([3, 71, 3], box)], 11 * MINUTE_MS);
  // The clock was set.
  await store.reports.commit([numbered([4, 12, 4], box)], 12 * MINUTE_MS);
  assert.deepEqual(await listMinutes(box), [
    [10, 2],
    [11, 3],
    [12, 4],
  ]);
});

test('a window that was stored under a time to come goes when its device tells of now', async () => {
  const box = 'was-ahead';
  await store.reports.commit([numbered([1, 90, 1], box)], 90 * MINUTE_MS);
  await store.reports.commit([numbered([2, 20, 2], box)], 20 * MINUTE_MS);
  assert.deepEqual(await listMinutes(box), [[20, 2]]);
});

async function tellMinutes(deviceId: string, index: number, isCanary: boolean): Promise<void> {
  const minutes = Array.from({ length: 40 }, (_, at) => 71 + at);
  const messages = minutes.map((minute, at) => {
    const isNew = isCanary && minute > 102;
    const message = summary(
      deviceId,
      minute,
      inference(isNew ? bundle.digest : OLD, (isNew ? 45 : 9) + (index % 4)),
    );
    return { ...message, body: { ...message.body, seq: at + 1 } } as DurableMessage;
  });
  await store.reports.commit(messages, NOW_MS);
}

test('a bundle that is worse on real rows is told so, in words, and probation findings are found', async () => {
  const executed = ['c-1', 'c-2', 'c-3', 'c-4', 'c-5'];
  const control = Array.from({ length: 12 }, (_, index) => `k-${index}`);
  for (const [index, deviceId] of executed.entries()) {
    await store.devices.addToken({ tokenSha256: deviceId, createdAtMs: 1, expiresAtMs: 2 });
    await store.devices.enrol(deviceRecord(deviceId), deviceId);
    await store.deployments.add(deploymentRecord(`to ${deviceId}`, bundle, { deviceId }));
    const findings: ProbationFindings = {
      kind: 'probation',
      windowSec: 60,
      gates: [{ gate: 'latency', verdict: 'passed' }],
    };
    await store.reports.commit(
      [changeMessage(1, 'testing', { deviceId, deploymentId: `to ${deviceId}`, findings })],
      1,
    );
    await tellMinutes(deviceId, index, true);
  }
  for (const [index, deviceId] of control.entries()) await tellMinutes(deviceId, index, false);
  const keeper = createStoredGateKeeper({ windows: store.deviceWindows, deployments: store.deployments });
  const verdicts = await keeper.judge(
    {
      bundleDigest: bundle.digest,
      gates: [{ gate: 'installed' }, { gate: 'probation' }, { gate: 'error_rate' }, { gate: 'temperature' }],
      soakingSinceMs: ORDERED_AT_MS + 5 * MINUTE_MS,
      soakSeconds: 1800,
      executed: executed.map((deviceId) => ({
        deviceId,
        deploymentId: `to ${deviceId}`,
        state: 'success' as const,
        orderedAtMs: ORDERED_AT_MS,
      })),
      control,
    },
    NOW_MS,
  );
  assert.deepEqual(
    verdicts.map(({ gate, verdict }) => `${gate} ${verdict}`),
    ['installed pass', 'probation pass', 'error_rate fail', 'temperature pass'],
  );
  assert.match(verdicts[2]?.why ?? '', /^5 devices: \+12 points .* 12 control devices/);
});

test('where nothing is asked, nothing is read', async () => {
  const never = () => Promise.reject(new Error('read'));
  const keeper = createStoredGateKeeper({ windows: { list: never }, deployments: { page: never } });
  const question = {
    bundleDigest: OLD,
    gates: [],
    soakingSinceMs: 0,
    soakSeconds: 1,
    executed: [],
    control: [],
  };
  assert.deepEqual(await keeper.judge(question, NOW_MS), []);
});

test('of a box that leaves frames out on purpose, those there were to classify are stored', async () => {
  await store.reports.commit([summary('still', 1, inference(OLD, 0, { framesDue: 301 }))], MINUTE_MS);
  const [window] = await store.deviceWindows.list({ deviceId: 'still', sinceMs: 0, bucketMs: MINUTE_MS });
  assert.deepEqual([window?.framesDue, window?.framesClassified], [301, 300]);
});
