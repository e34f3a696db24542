import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { EvidenceStore } from '../../agent/src/evidence/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import { type KeptEvidence, openKeptEvidence } from '../support/kept-evidence.ts';
import { until } from '../support/until.ts';

type Options = Omit<Parameters<typeof openKeptEvidence>[0], 'dataDir'>;

/** Of a size that matters. */
function jpegOf(sizeBytes: number): Uint8Array {
  const jpeg = new Uint8Array(sizeBytes).fill(7);
  jpeg.set([0xff, 0xd8, 0xff]);
  jpeg.set([0xff, 0xd9], sizeBytes - 2);
  return jpeg;
}
const SMALL = jpegOf(1_000);

async function openBox(t: TestContext, options: Options = {}, isStarted = true): Promise<KeptEvidence> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-evidence-'));
  const box = openKeptEvidence({ dataDir, ...options });
  if (isStarted) await box.keeper.start(new AbortController().signal);
  t.after(async () => {
    if (isStarted) await box.keeper.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return box;
}
/** As an object, of which a test replaces what it wants. */
const passOn = (real: EvidenceStore): EvidenceStore => ({
  list: () => real.list(),
  find: (event) => real.find(event),
  wasRemoved: (event) => real.wasRemoved(event),
  readShortageBytes: (bytes) => real.readShortageBytes(bytes),
  add: (event, picture) => real.add(event, picture),
  read: (event, number) => real.read(event, number),
  markSent: (event, number) => real.markSent(event, number),
  remove: (event) => real.remove(event),
});
const seen = (box: KeptEvidence, agoMs: number, jpeg = SMALL): void =>
  void box.ring.push({ jpeg, capturedAtMs: performance.now() - agoMs });

test('a new sighting keeps the pre-roll, the picture of the decision and two after it', async (t) => {
  const box = await openBox(t);
  for (const agoMs of [5_000, 2_000, 1_000, 10]) seen(box, agoMs);
  box.decide('a');
  await box.hasKept('a', 3);
  seen(box, 0);
  await box.hasKept('a', 4);
  seen(box, 0);
  await box.hasKept('a', 5);
  const offsets = (await box.store.find('a'))?.pictures.map(({ offsetMs }) => Math.round(offsetMs / 100) + 0);
  assert.deepEqual(offsets?.slice(0, 3), [-20, -10, 0]);
  assert.ok((offsets?.[4] ?? 0) > (offsets?.[3] ?? 0));
  assert.equal(box.due(), 0, 'they leave the box when they are asked for');
});

test('a sighting that ends at once has one picture after it, of its end', async (t) => {
  const box = await openBox(t);
  seen(box, 10);
  box.decide('a');
  await box.hasKept('a', 1);
  seen(box, 0);
  box.decide('a', 'end');
  await box.hasKept('a', 2);
  seen(box, 0);
  await box.keeper.stop();
  assert.equal((await box.store.find('a'))?.pictures.length, 2);
});

test('nothing is kept of an update, of a camera without pictures, and where it is switched off', async (t) => {
  const off = await openBox(t, { settings: { enabled: false } });
  const on = await openBox(t);
  seen(off, 10);
  off.decide('a');
  on.decide('blind');
  seen(on, 10);
  on.decide('b', 'update');
  on.decide('c');
  await on.hasKept('c', 1);
  assert.deepEqual([await off.folders(), await on.folders()], [[], ['c']]);
});

test('what is to be sent at once says so', async (t) => {
  const box = await openBox(t, { settings: { send: 'always' } });
  seen(box, 10);
  box.decide('a');
  await until('it is due', () => box.due() > 0);
  assert.equal((await box.store.find('a'))?.pictures[0]?.isDue, true);
});

test('under the byte cap the oldest sightings go before the new one is written', async (t) => {
  const box = await openBox(t, { settings: { maxBytes: 1024 * 1024 } });
  seen(box, 10, jpegOf(300_000));
  for (const event of ['a', 'b', 'c', 'd', 'e']) {
    box.clock.wallMs += 1_000;
    box.decide(event);
    await box.hasKept(event, 1);
    const bytes = (await box.store.list()).flatMap(({ pictures }) => pictures);
    assert.ok(bytes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) <= 1024 * 1024);
  }
  assert.deepEqual(await box.folders(), ['c', 'd', 'e']);
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((event) => box.store.wasRemoved(event))), [
    true,
    true,
    false,
  ]);
});

test('pictures of one sighting that are more than the cap are dropped, and counted', async (t) => {
  const box = await openBox(t, { settings: { maxBytes: 1024 * 1024 } });
  for (const agoMs of [2_000, 1_000, 10]) seen(box, agoMs, jpegOf(500_000));
  box.decide('a');
  await until('it is told', () => box.warnings.length > 0);
  assert.equal((await box.store.find('a'))?.pictures.length, 2);
  assert.partialDeepStrictEqual(box.warnings[0]?.facts ?? {}, { id: 'a', dropped: 1 });
});

test('what is too old goes at the start; by a clock that shows a time that is over, nothing is old', async (t) => {
  const box = await openBox(t, {}, false);
  for (const event of ['old', 'young'])
    await box.store.add(event, { offsetMs: 0, jpeg: SMALL, isDue: false });
  box.clock.wallMs += 6.9 * 86_400_000;
  await box.store.add('new', { offsetMs: 0, jpeg: SMALL, isDue: false });
  box.clock.wallMs += 0.2 * 86_400_000;
  box.clock.isTrusted = false;
  await box.keeper.start(new AbortController().signal);
  await box.keeper.stop();
  assert.deepEqual(await box.folders(), ['new', 'old', 'young']);
  box.clock.isTrusted = true;
  await box.keeper.start(new AbortController().signal);
  await until('they are gone', async () => (await box.folders()).length === 1);
  await box.keeper.stop();
  assert.deepEqual(await box.folders(), ['new']);
});

test('what this run kept is as old as it is, wherever the clock is set meanwhile', async (t) => {
  const box = await openBox(t);
  box.clock.wallMs -= 9 * 86_400_000;
  seen(box, 10);
  box.decide('a');
  await box.hasKept('a', 1);
  box.clock.wallMs += 9 * 86_400_000;
  box.decide('b');
  await box.hasKept('b', 1);
  assert.deepEqual(await box.folders(), ['a', 'b']);
});

test('a disk that is full costs the pictures, with a count, and nothing else; then they are kept again', async (t) => {
  const disk = { isFull: true };
  const box = await openBox(t, {
    store: (real): EvidenceStore => ({
      ...passOn(real),
      add: async (event, picture) => {
        if (disk.isFull) throw agentError('DISK_FULL', 'no room on the disk');
        await real.add(event, picture);
      },
    }),
  });
  seen(box, 10);
  for (const event of ['a', 'b']) box.decide(event);
  await until('both are told', () => box.warnings.length >= 2);
  const counts = box.warnings.map(({ facts }) => ('dropped' in facts ? facts.dropped : undefined));
  assert.deepEqual(counts.slice(0, 2), [1, 2]);
  disk.isFull = false;
  seen(box, 5);
  box.decide('c');
  await until('it is kept', async () => (await box.store.find('c')) !== undefined);
});

test('on a disk that is short of room the oldest sightings go for the new one', async (t) => {
  const disk = { shortBytes: 0 };
  const box = await openBox(t, {
    store: (real): EvidenceStore => ({
      ...passOn(real),
      readShortageBytes: async () => disk.shortBytes,
      remove: async (event) => {
        await real.remove(event);
        disk.shortBytes = 0;
      },
    }),
  });
  seen(box, 1);
  for (const event of ['a', 'b']) {
    box.decide(event);
    await box.hasKept(event, 1);
  }
  disk.shortBytes = 1;
  box.decide('c');
  await box.hasKept('c', 1);
  assert.deepEqual(await box.folders(), ['b', 'c']);
});

test('for something that needs the room more, the oldest sightings go, as far as that helps', async (t) => {
  const box = await openBox(t);
  seen(box, 1);
  for (const event of ['a', 'b', 'c']) {
    box.decide(event);
    await box.hasKept(event, 1);
  }
  await box.keeper.freeRoom(3 * SMALL.length + 1);
  assert.deepEqual(await box.folders(), ['a', 'b', 'c']);
  await box.keeper.freeRoom(SMALL.length + 1);
  assert.deepEqual(await box.folders(), ['c']);
});

test('what the box kept before is counted after a restart, by the time of its files', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-evidence-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const first = openKeptEvidence({ dataDir });
  await first.store.add('old', { offsetMs: 0, jpeg: SMALL, isDue: false });
  const day = new Date(first.clock.wallMs).toISOString().slice(0, 10);
  const longAgo = new Date(Date.now() - 8 * 86_400_000);
  await utimes(join(dataDir, 'evidence', day, 'old', '01_0.jpg'), longAgo, longAgo);
  const second = openKeptEvidence({ dataDir });
  await second.keeper.start(new AbortController().signal);
  await until('it is gone', async () => (await second.folders()).length === 0);
  await second.keeper.stop();
});
