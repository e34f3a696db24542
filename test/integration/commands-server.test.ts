import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createDiskCommandFiles } from '../../fleet-server/src/commands/disk-command-files.ts';
import { serverError } from '../../fleet-server/src/kernel/errors.ts';
import { isOpenCommand } from '../../shared/src/api/commands.ts';
import {
  COMMAND_FILES_BYTES,
  type CommandServer,
  connectCommanded,
  openCommandServer,
} from '../support/command-server.ts';
import { until } from '../support/until.ts';

const SNAPSHOT = { name: 'snapshot', args: { camera: 'door' } } as const;
const never = new AbortController().signal;

async function open(t: TestContext, options: Partial<Parameters<typeof openCommandServer>[0]> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-command-server-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const server = await openCommandServer({ folder, ...options });
  t.after(() => server.stop());
  return { server, folder };
}

const connect = async (t: TestContext, server: CommandServer, id = 'box-1') => {
  const device = await connectCommanded(server, id);
  t.after(() => device.leave());
  return device;
};
const ends = async ({ desk }: CommandServer, id: string) => {
  await until(`${id} ends`, async () => !isOpenCommand((await desk.find('box-1', id)).state));
  return desk.find('box-1', id);
};
const auditOf = async ({ audit }: CommandServer) =>
  (await audit.list({ afterSeq: 0, limit: 100 })).map(({ actor, action, subject, details }) => [
    action,
    `${actor.kind} ${actor.id}`,
    subject,
    details.state ?? details.name,
  ]);

test('a device that listens is told at once, signed and not retained; its reply ends the command', async (t) => {
  const { server } = await open(t);
  const device = await connect(t, server);
  const { id, state, expiresAtMs } = await server.desk.order('box-1', SNAPSHOT, 'olga');
  assert.deepEqual([state, expiresAtMs], ['pending', 1_060_000]);
  const { args, issuedAtMs, expiresMs } = await device.hears(id);
  assert.deepEqual([args, issuedAtMs, expiresMs], [{ camera: 'door' }, 1_000_000, 1_060_000]);
  assert.deepEqual(device.retained, [false]);
  assert.equal((await server.desk.find('box-1', id)).state, 'sent');
  await device.reply('snapshot', { id, state: 'done', result: { sizeBytes: 9 } });
  const { counter: _, ...ended } = await ends(server, id);
  assert.deepEqual(ended, {
    ...{ id, deviceId: 'box-1', ...SNAPSHOT, state: 'done', actor: 'olga', result: { sizeBytes: 9 } },
    ...{ createdAtMs: 1_000_000, expiresAtMs: 1_060_000, sentAtMs: 1_000_000, endedAtMs: 1_000_000 },
  });
  assert.deepEqual(await auditOf(server), [
    ['command.ordered', 'user olga', 'box-1', 'snapshot'],
    ['command.ended', 'device box-1', 'box-1', 'done'],
  ]);
});

test('what waits for a device is told when it listens, the oldest first, and only what is not over', async (t) => {
  const { server } = await open(t);
  const short = await server.desk.order('box-1', { ...SNAPSHOT, expiresSec: 5 }, 'olga');
  const [one, two] = [
    await server.desk.order('box-1', { ...SNAPSHOT, expiresSec: 600 }, 'olga'),
    await server.desk.order('box-1', { name: 'selftest' }, 'olga'),
  ];
  server.clock.nowMs += 6_000;
  const device = await connect(t, server);
  await device.hears(two.id);
  assert.deepEqual(
    device.told.map(({ id }) => id),
    [one.id, two.id],
  );
  assert.equal(device.told[0]?.issuedAtMs, 1_006_000);
  assert.ok((device.told[0]?.counter ?? 0) < (device.told[1]?.counter ?? 0));
  assert.equal((await server.desk.find('box-1', short.id)).state, 'pending');
});

test('a command without a reply is told again at the next connection, after a restart of the server too', async (t) => {
  const { server, folder } = await open(t);
  const device = await connect(t, server);
  const { id, counter } = await server.desk.order('box-1', SNAPSHOT, 'olga');
  await device.hears(id);
  await device.leave();
  const again = await connect(t, server);
  assert.equal((await again.hears(id)).counter, counter);
  await again.leave();
  await server.stop();
  const restarted = await openCommandServer({ folder, nowMs: 1_010_000 });
  t.after(() => restarted.stop());
  const later = await connect(t, restarted);
  await later.hears(id);
  await later.reply('snapshot', { id, state: 'failed', code: 'CAMERA_UNKNOWN', detail: 'no camera' });
  const { state, code, detail } = await ends(restarted, id);
  assert.deepEqual([state, code, detail], ['failed', 'CAMERA_UNKNOWN', 'no camera']);
  await later.leave();
  const after = await connect(t, restarted);
  const { id: next } = await restarted.desk.order('box-1', SNAPSHOT, 'olga');
  await after.hears(next);
  assert.deepEqual(
    after.told.map((order) => order.id),
    [next],
  );
});

test('the first end counts: no reply comes twice, too late, from another device or for another command', async (t) => {
  const { server } = await open(t);
  const [device, stranger] = [await connect(t, server), await connect(t, server, 'box-2')];
  const { id } = await server.desk.order('box-1', SNAPSHOT, 'olga');
  await device.hears(id);
  await stranger.reply('snapshot', { id, state: 'done' });
  await device.reply('selftest', { id, state: 'done' });
  await device.reply('snapshot', { id: 'unknown', state: 'done' });
  await device.reply('snapshot', { id, state: 'refused', code: 'COMMAND_BUSY' });
  await device.reply('snapshot', { id, state: 'done' });
  assert.equal((await ends(server, id)).state, 'refused');
  await server.pass(120_000);
  assert.equal((await server.desk.find('box-1', id)).state, 'refused');
  assert.equal((await auditOf(server)).length, 2);
});

test('nothing stays open for ever: a command is over by the clock of the server, sent or not', async (t) => {
  const { server } = await open(t);
  const device = await connect(t, server);
  const sent = await server.desk.order('box-1', SNAPSHOT, 'olga');
  await device.hears(sent.id);
  const waiting = await server.desk.order('box-2', { ...SNAPSHOT, expiresSec: 120 }, 'olga');
  await server.pass(66_000);
  const over = await ends(server, sent.id);
  assert.deepEqual([over.state, over.code, over.endedAtMs], ['expired', 'COMMAND_EXPIRED', 1_066_000]);
  assert.match(over.detail ?? '', /did not reply/);
  assert.equal((await server.desk.find('box-2', waiting.id)).state, 'pending');
  await until('it is due', async () => {
    await server.pass(60_000);
    return (await server.desk.find('box-2', waiting.id)).state === 'expired';
  });
  assert.match((await server.desk.find('box-2', waiting.id)).detail ?? '', /did not listen in time/);
});

test('what was open while the server was down is over when it starts', async (t) => {
  const { server, folder } = await open(t);
  const { id } = await server.desk.order('box-1', SNAPSHOT, 'olga');
  await server.stop();
  const restarted = await openCommandServer({ folder, nowMs: 2_000_000 });
  t.after(() => restarted.stop());
  await restarted.pass(0);
  assert.equal((await ends(restarted, id)).state, 'expired');
});

test('who waits for the end hears of it at once, and gives up after a limit, or when nobody listens', async (t) => {
  const { server } = await open(t);
  const device = await connect(t, server);
  const { id } = await server.desk.order('box-1', SNAPSHOT, 'olga');
  await device.hears(id);
  assert.equal((await server.desk.awaitEnd('box-1', id, { limitMs: 1, signal: never })).state, 'sent');
  const gone = AbortSignal.abort();
  assert.equal((await server.desk.awaitEnd('box-1', id, { limitMs: 60_000, signal: gone })).state, 'sent');
  const waiting = [1, 2].map(() => server.desk.awaitEnd('box-1', id, { limitMs: 60_000, signal: never }));
  await device.reply('snapshot', { id, state: 'done' });
  for (const { state } of await Promise.all(waiting)) assert.equal(state, 'done');
  assert.equal((await server.desk.awaitEnd('box-1', id, { limitMs: 60_000, signal: never })).state, 'done');
});

test('what cannot be asked is refused with a code, and nothing is stored', async (t) => {
  const { server } = await open(t);
  const { desk, store } = server;
  await assert.rejects(desk.order('box-9', SNAPSHOT, 'olga'), { code: 'NOT_FOUND' });
  await assert.rejects(desk.order('box-1', { name: 'snapshot' }, 'olga'), {
    code: 'REQUEST_INVALID',
    message: /camera/,
  });
  const device = await store.devices.find('box-2');
  assert.ok(device);
  await store.devices.save({ ...device, state: 'decommissioned' });
  await assert.rejects(desk.order('box-2', SNAPSHOT, 'olga'), { code: 'DEVICE_STATE' });
  for (let count = 0; count < 16; count += 1) await desk.order('box-1', { name: 'selftest' }, 'olga');
  await assert.rejects(desk.order('box-1', SNAPSHOT, 'olga'), { code: 'COMMANDS_TOO_MANY' });
  assert.equal((await desk.list('box-1', 100)).length, 16);
  await assert.rejects(desk.list('box-9', 1), { code: 'NOT_FOUND' });
  await assert.rejects(desk.find('box-1', 'unknown'), { code: 'NOT_FOUND' });
});

test('a server that may not sign says so to who asks', async (t) => {
  const { server } = await open(t, {
    sign: async () => {
      throw serverError('TRUST_REFUSED', 'no key is on the list');
    },
  });
  await assert.rejects(server.desk.order('box-1', SNAPSHOT, 'olga'), { code: 'TRUST_REFUSED' });
  assert.deepEqual(await server.desk.list('box-1', 9), []);
});

test('a file is taken for an open command of its device that brings one, and kept within a bound', async (t) => {
  const { server, folder } = await open(t);
  const { desk } = server;
  const picture = { contentType: 'image/jpeg', bytes: new Uint8Array(40_000).fill(7) } as const;
  const { id } = await desk.order('box-1', SNAPSHOT, 'olga');
  await assert.rejects(desk.putFile('box-2', id, picture), { code: 'NOT_FOUND' });
  await assert.rejects(desk.putFile('box-1', id, { ...picture, contentType: 'application/gzip' }), {
    code: 'COMMAND_OVER',
  });
  await assert.rejects(desk.readFile('box-1', id), { code: 'NOT_FOUND' });
  await desk.putFile('box-1', id, picture);
  assert.deepEqual((await desk.readFile('box-1', id)).bytes, Buffer.from(picture.bytes));
  assert.deepEqual((await desk.find('box-1', id)).file, { contentType: 'image/jpeg', sizeBytes: 40_000 });
  await assert.rejects(desk.readFile('box-2', id), { code: 'NOT_FOUND' });
  desk.onReply({ deviceId: 'box-1', name: 'snapshot', body: { id, state: 'done' } });
  await ends(server, id);
  await assert.rejects(desk.putFile('box-1', id, picture), { code: 'COMMAND_OVER' });
  const { id: bench } = await desk.order('box-1', { name: 'benchmark' }, 'olga');
  await assert.rejects(desk.putFile('box-1', bench, picture), { code: 'COMMAND_OVER' });
  for (let count = 0; count < 2; count += 1) {
    const next = await desk.order('box-1', SNAPSHOT, 'olga');
    await desk.putFile('box-1', next.id, picture);
  }
  assert.ok((await readdir(join(folder, 'files'))).length * 40_000 <= COMMAND_FILES_BYTES);
  await assert.rejects(desk.readFile('box-1', id), { code: 'NOT_FOUND', message: /none any more/ });
});

test('files that come together are all taken', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-command-files-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const files = createDiskCommandFiles({ folder, maxBytes: 1_000_000 });
  const saveSome = async (by: string): Promise<void> => {
    for (let count = 0; count < 50; count += 1) await files.save(`${by}-${count}`, new Uint8Array(1_000));
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(saveSome));
  assert.equal((await readdir(folder)).length, 200);
});

test('of a device that is asked very often, the newest commands are kept, and all that are open', async (t) => {
  const { server } = await open(t);
  const { store } = server;
  const command = { deviceId: 'box-1', ...SNAPSHOT, actor: 'olga', createdAtMs: 1, expiresAtMs: 2 } as const;
  for (let counter = 1; counter <= 8; counter += 1)
    await store.commands.add(
      { ...command, id: `c${counter}`, counter, state: counter === 2 ? 'pending' : 'done' },
      4,
    );
  assert.deepEqual(
    (await store.commands.list('box-1', 99)).map(({ id }) => id),
    ['c8', 'c7', 'c6', 'c5', 'c2'],
  );
});
