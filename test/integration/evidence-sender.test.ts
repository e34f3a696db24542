import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createEvidenceCommand } from '../../agent/src/commands/evidence-command.ts';
import { createEvidenceSender, type EvidenceSender } from '../../agent/src/evidence/evidence-sender.ts';
import { createFileEvidenceStore } from '../../agent/src/evidence/file-evidence-store.ts';
import { createHttpPutEvidence } from '../../agent/src/evidence/http-put-evidence.ts';
import type { EvidenceStore, PutEvidence } from '../../agent/src/evidence/port.ts';
import { createSendKept } from '../../agent/src/evidence/send-kept.ts';
import type { BackoffPolicy } from '../../shared/src/kernel/backoff.ts';
import { isAppError } from '../../shared/src/kernel/errors.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { EVIDENCE_SETTINGS } from '../support/kept-evidence.ts';
import { makeJpeg } from '../support/test-jpeg.ts';
import { until } from '../support/until.ts';

const JPEG = await makeJpeg();
const identity = { deviceId: 'box-1', secret: 'secret' };

/** A server that takes pictures, or says why not. */
interface Server {
  /** Every request that came, in order: `event/number`. */
  readonly asked: string[];
  /** What it answers by event; default: 204. `cut`: no answer at all. */
  readonly answers: Map<string, number | 'cut' | readonly [number, string]>;
  readonly put: PutEvidence;
}

function createServer(): Server {
  const asked: string[] = [];
  const answers: Server['answers'] = new Map();
  const send = async (input: string | URL | Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(String(input));
    const [, event = '', number = ''] = /events\/([^/]+)\/evidence\/(\d+)$/.exec(pathname) ?? [];
    asked.push(`${event}/${number}`);
    assert.match(searchParams.get('sha256') ?? '', /^[0-9a-f]{64}$/);
    const answer = answers.get(event) ?? 204;
    if (answer === 'cut') throw new TypeError('fetch failed');
    if (typeof answer === 'number') return new Response(null, { status: answer });
    const [status, code] = answer;
    return Response.json({ code, message: code, remedy: '', requestId: '1' }, { status });
  };
  return {
    asked,
    answers,
    put: createHttpPutEvidence({ serverUrl: 'http://fleet', identity, fetch: send }),
  };
}

async function makeStore(
  t: TestContext,
): Promise<{ readonly dataDir: string; readonly store: EvidenceStore }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-evidence-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return { dataDir, store: openStore(dataDir) };
}
const openStore = (dataDir: string): EvidenceStore =>
  createFileEvidenceStore({ dataDir, clock: { wallMs: () => Date.now() } });
const keep = async (store: EvidenceStore, event: string, count = 1, isDue = true): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    await store.add(event, { offsetMs: index * 100, jpeg: JPEG, isDue });
};
async function startSender(
  t: TestContext,
  store: EvidenceStore,
  put: PutEvidence,
  backoff: BackoffPolicy = { baseMs: 20, maxMs: 200 },
): Promise<EvidenceSender> {
  const sender = createEvidenceSender({
    ...{ store, send: createSendKept({ store, put }), backoff },
    ...{ random01: () => 0.5, log: silentLogger },
  });
  await sender.start(new AbortController().signal);
  t.after(() => sender.stop());
  return sender;
}
const isAllSent = async (store: EvidenceStore): Promise<boolean> =>
  (await store.list()).every(({ pictures }) => pictures.every(({ isDue }) => !isDue));

test('what is due is sent, the newest sighting first, and not what is only kept', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'old', 2);
  await keep(store, 'kept', 1, false);
  await keep(store, 'new', 1);
  await startSender(t, store, server.put);
  await until('all is sent', () => isAllSent(store));
  assert.deepEqual(server.asked, ['new/1', 'old/1', 'old/2']);
});

test('after a restart nothing that was sent is sent again', async (t) => {
  const { dataDir, store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'a', 2);
  const first = await startSender(t, store, server.put);
  await until('the first is sent', () => server.asked.length > 0);
  await first.stop();
  const again = openStore(dataDir);
  await startSender(t, again, server.put);
  await until('all is sent', () => isAllSent(again));
  assert.deepEqual(server.asked, ['a/1', 'a/2']);
});

test('while the server does not answer it is tried again and again, until it does', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'a');
  server.answers.set('a', 'cut');
  await startSender(t, store, server.put);
  await until('it is tried', () => server.asked.length >= 2);
  server.answers.set('a', 503);
  const before = server.asked.length;
  await until('it is tried again', () => server.asked.length >= before + 2);
  server.answers.delete('a');
  await until('it is sent', () => isAllSent(store));
});

test('new sightings do not make a server that does not answer be tried more often', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'a');
  server.answers.set('a', 'cut');
  const put: PutEvidence = (...picture) => {
    sender.wake();
    return server.put(...picture);
  };
  const startedMs = performance.now();
  const sender = await startSender(t, store, put, { baseMs: 20, maxMs: 1_000 });
  await until('it is tried six times', () => server.asked.length >= 6);
  // Half of 20, 40, 80, 160 and 320 ms at least.
  assert.ok(performance.now() - startedMs >= 310);
});

test('a sighting the server has not heard of yet keeps no other waiting', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'known');
  await keep(store, 'early', 2);
  server.answers.set('early', [409, 'EVENT_UNKNOWN']);
  const sender = await startSender(t, store, server.put);
  await until('the known one is sent', async () => (await store.find('known'))?.pictures[0]?.isDue === false);
  await keep(store, 'later');
  sender.wake();
  await until('the later one is sent', async () => (await store.find('later'))?.pictures[0]?.isDue === false);
  assert.ok(!server.asked.includes('early/2'));
  server.answers.delete('early');
  await until('all is sent', () => isAllSent(store));
});

test('what the server will never take, and what is torn, is not tried for ever', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'taken');
  server.answers.set('taken', [409, 'EVIDENCE_TAKEN']);
  await store.add('torn', { offsetMs: 0, jpeg: JPEG.subarray(0, 100), isDue: true });
  await startSender(t, store, server.put);
  await until('nothing is due', () => isAllSent(store));
  assert.deepEqual(server.asked, ['taken/1']);
});

const command = (
  store: EvidenceStore,
  server: Server,
  change: { enabled?: boolean; mayLeave?: boolean } = {},
) =>
  createEvidenceCommand({
    store,
    send: createSendKept({ store, put: server.put }),
    settings: async () => ({ ...EVIDENCE_SETTINGS, enabled: change.enabled ?? true }),
    mayLeave: () => change.mayLeave ?? true,
  });
const ask = (run: ReturnType<typeof command>, event: string) =>
  run({ event }, { id: 'command-1', signal: new AbortController().signal });
const failsWith = (code: string, text: RegExp) => (error: unknown) =>
  isAppError(error, code) && text.test(error.message);

test('asked for, the pictures of a sighting are sent, also those that were sent before', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'a', 2, false);
  for (let times = 1; times <= 2; times += 1)
    assert.deepEqual(await ask(command(store, server), 'a'), {
      result: { event: 'a', pictures: 2, damaged: 0 },
    });
  assert.deepEqual(server.asked, ['a/1', 'a/2', 'a/1', 'a/2']);
});

test('a sighting without pictures, one whose pictures were removed, and a box that may not are told apart', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  await keep(store, 'removed');
  await store.remove('removed');
  const run = command(store, server);
  await assert.rejects(ask(run, 'nobody'), failsWith('EVIDENCE_UNKNOWN', /no pictures of a sighting nobody/));
  await assert.rejects(ask(run, 'removed'), failsWith('EVIDENCE_GONE', /for 7 days at most.* 1 MiB/));
  await keep(store, 'a');
  for (const change of [{ enabled: false }, { mayLeave: false }])
    await assert.rejects(
      ask(command(store, server, change), 'a'),
      failsWith('COMMAND_UNAVAILABLE', /leaves/),
    );
  assert.deepEqual(server.asked, []);
});

test('a server that is away, one that takes nothing, and pictures that are torn are told apart', async (t) => {
  const { store } = await makeStore(t);
  const server = createServer();
  const run = command(store, server);
  await keep(store, 'a', 2, false);
  server.answers.set('a', 'cut');
  await assert.rejects(ask(run, 'a'), failsWith('SERVER_UNREACHABLE', /sighting a/));
  server.answers.set('a', [409, 'EVIDENCE_TAKEN']);
  await assert.rejects(ask(run, 'a'), failsWith('EVIDENCE_REFUSED', /0 of 2 pictures/));
  await store.add('torn', { offsetMs: 0, jpeg: JPEG.subarray(0, 100), isDue: false });
  await assert.rejects(ask(run, 'torn'), failsWith('EVIDENCE_GONE', /power cut/));
});
