import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFileEvidenceStore } from '../../agent/src/evidence/file-evidence-store.ts';
import type { EvidenceStore } from '../../agent/src/evidence/port.ts';
import { isAppError } from '../../shared/src/kernel/errors.ts';
import { makeJpeg } from '../support/test-jpeg.ts';

const WRITER = fileURLToPath(new URL('../support/evidence-writer.ts', import.meta.url));
const JPEG = await makeJpeg();
const clock = { wallMs: () => Date.now() };

async function makeFolder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-evidence-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}
const open = (dataDir: string): EvidenceStore => createFileEvidenceStore({ dataDir, clock });
const keep = (store: EvidenceStore, event: string, offsetMs: number, isDue = false) =>
  store.add(event, { offsetMs, jpeg: JPEG, isDue });
/** Of the only day there is. */
async function folderOf(dataDir: string, event: string): Promise<string> {
  const [day = ''] = (await readdir(join(dataDir, 'evidence'))).filter((name) => /^\d/.test(name));
  return join(dataDir, 'evidence', day, event);
}

test('pictures lie in the folder of their sighting, readable by the agent only', async (t) => {
  const dataDir = await makeFolder(t);
  const store = open(dataDir);
  await keep(store, 'a', -1_500);
  await keep(store, 'a', 0, true);
  const folder = await folderOf(dataDir, 'a');
  assert.deepEqual(await readdir(folder), ['01_-1500.jpg', '02_0.due.jpg']);
  assert.equal((await stat(join(folder, '01_-1500.jpg'))).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.deepEqual(await store.read('a', 1), Buffer.from(JPEG));
});

test('the folder is the index: another start knows the same, and goes on with the numbers', async (t) => {
  const dataDir = await makeFolder(t);
  const store = open(dataDir);
  await keep(store, 'a', -500, true);
  await keep(store, 'a', 0, true);
  await store.markSent('a', 1);
  const again = open(dataDir);
  const [known] = await again.list();
  assert.deepEqual(
    known?.pictures.map(({ number, offsetMs, isDue }) => [number, offsetMs, isDue]),
    [
      [1, -500, false],
      [2, 0, true],
    ],
  );
  assert.ok(Math.abs((known?.atMs ?? 0) - Date.now()) < 60_000);
  await keep(again, 'a', 900);
  assert.equal((await again.find('a'))?.pictures.at(-1)?.number, 3);
});

test('what a power cut left is cleared away, and a torn picture counts as none', async (t) => {
  const dataDir = await makeFolder(t);
  for (const event of ['torn', 'empty']) await keep(open(dataDir), event, 0);
  await keep(open(dataDir), 'torn', 500);
  const torn = await folderOf(dataDir, 'torn');
  await truncate(join(torn, '01_0.jpg'), 100);
  await writeFile(join(torn, '03_9.jpg.tmp'), 'half');
  await truncate(join(await folderOf(dataDir, 'empty'), '01_0.jpg'), 0);
  const store = open(dataDir);
  assert.deepEqual(
    (await store.list()).map(({ event, pictures }) => [event, pictures.length]),
    [['torn', 2]],
  );
  assert.equal(await store.read('torn', 1), undefined);
  assert.deepEqual(await store.read('torn', 2), Buffer.from(JPEG));
  assert.deepEqual(await readdir(torn), ['01_0.jpg', '02_500.jpg']);
});

test('what was removed is remembered across a restart, and the folder of a day goes with its last one', async (t) => {
  const dataDir = await makeFolder(t);
  const store = open(dataDir);
  await keep(store, 'a', 0);
  assert.equal(await store.wasRemoved('a'), false);
  await store.remove('a');
  assert.deepEqual(await readdir(join(dataDir, 'evidence')), ['removed.txt']);
  for (const each of [store, open(dataDir)]) {
    assert.equal(await each.wasRemoved('a'), true);
    assert.equal(await each.wasRemoved('b'), false);
    assert.deepEqual(await each.list(), []);
  }
});

test('the memory of what was removed does not grow for ever', async (t) => {
  const dataDir = await makeFolder(t);
  await keep(open(dataDir), 'a', 0);
  const old = Array.from({ length: 2_000 }, (_, index) => `old-${index}`);
  await writeFile(join(dataDir, 'evidence', 'removed.txt'), `${old.join('\n')}\n`);
  await open(dataDir).remove('a');
  const again = open(dataDir);
  assert.deepEqual(await Promise.all(['a', 'old-1999', 'old-0'].map((event) => again.wasRemoved(event))), [
    true,
    true,
    false,
  ]);
});

test('a disk that has no room left for the rest of the box takes no picture', async (t) => {
  const dataDir = await makeFolder(t);
  const store = createFileEvidenceStore({ dataDir, clock, minFreeBytes: Number.MAX_SAFE_INTEGER });
  await assert.rejects(keep(store, 'a', 0), (error: unknown) => isAppError(error, 'DISK_FULL'));
  assert.deepEqual(await store.list(), []);
  assert.ok((await store.readShortageBytes(1)) > 2 ** 50);
  assert.equal(await open(dataDir).readShortageBytes(1), 0);
});

test('no id leads out of the folder', async (t) => {
  const store = open(await makeFolder(t));
  for (const event of ['..', '../x', 'a/b', '']) await assert.rejects(keep(store, event, 0), TypeError);
});

test('an agent that is killed between pictures leaves whole ones only, and the next one goes on', async (t) => {
  const dataDir = await makeFolder(t);
  for (let round = 0; round < 4; round += 1) {
    const writer = spawn(process.execPath, [WRITER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(writer, 'exit');
    for (let seen = 0; seen < 1 + round * 9; seen += 1) await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await ended;
    const store = open(dataDir);
    const sightings = await store.list();
    assert.ok(sightings.length > 0);
    for (const { event, pictures } of sightings.filter(({ event }) => event.startsWith('sighting')))
      for (const { number } of pictures)
        assert.equal((await store.read(event, number))?.length, 200_000, `${event} ${number}`);
    const names = await readdir(join(dataDir, 'evidence'), { recursive: true });
    assert.ok(!names.some((name) => name.endsWith('.tmp')), 'nothing half written is left');
    await keep(store, `after-${round}`, 0);
  }
});
