import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createDiskEvidenceFiles } from '../../fleet-server/src/evidence/disk-evidence-files.ts';
import { createEvidenceDesk, type EvidenceDesk } from '../../fleet-server/src/evidence/evidence-desk.ts';
import type { EvidenceFiles } from '../../fleet-server/src/evidence/port.ts';
import { serverError } from '../../fleet-server/src/kernel/errors.ts';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import type { EvidenceView } from '../../shared/src/api/evidence.ts';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { isAppError } from '../../shared/src/kernel/errors.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { eventMessage } from '../support/fleet-data.ts';
import { makeJpeg } from '../support/test-jpeg.ts';
import { until } from '../support/until.ts';

const JPEG = await makeJpeg();
const DAY_MS = 86_400_000;

interface Bench {
  readonly desk: EvidenceDesk;
  readonly clock: { nowMs: number };
  readonly told: EvidenceView[];
  put(event: string, number?: number): Promise<void>;
  /** Sightings with a folder. */
  folders(): Promise<readonly string[]>;
  /** Does what was to be done later. */
  pass(ms: number): void;
}

interface BenchOptions {
  readonly maxPictures: number;
  readonly files?: (real: EvidenceFiles) => EvidenceFiles;
}

async function openBench(t: TestContext, { maxPictures, files }: BenchOptions): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-evidence-'));
  const store = await openSqliteStore(join(folder, 'fleet.sqlite'));
  await store.reports.commit(
    [1, 2, 3, 4].map((seq) => eventMessage(seq)),
    1,
  );
  const clock = { nowMs: 1_000 };
  const told: EvidenceView[] = [];
  let later: () => void = () => undefined;
  const real = createDiskEvidenceFiles(join(folder, 'evidence'));
  const desk = createEvidenceDesk({
    store: store.evidence,
    files: files?.(real) ?? real,
    audit: { record: () => Promise.reject(new Error('nobody looks')) },
    tell: (view) => void told.push(view),
    maxBytes: maxPictures * JPEG.length,
    maxAgeMs: DAY_MS,
    nowMs: () => clock.nowMs,
    schedule: (_delayMs, run) => {
      later = run;
      return () => undefined;
    },
    log: silentLogger,
  });
  await desk.start(new AbortController().signal);
  t.after(async () => {
    await desk.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const picture = { offsetMs: 0, sha256: sha256Hex(JPEG), bytes: JPEG };
  return {
    ...{ desk, clock, told },
    put: (event, number = 1) => desk.put({ deviceId: 'box-1', event }, { number, ...picture }),
    folders: async () => (await readdir(join(folder, 'evidence', 'box-1')).catch(() => [])).sort(),
    pass: (ms) => {
      clock.nowMs += ms;
      later();
    },
  };
}

test('over the byte cap the sightings that came first go, with their files, and pages are told', async (t) => {
  const bench = await openBench(t, { maxPictures: 3 });
  for (const event of ['sighting-1', 'sighting-2', 'sighting-3']) {
    bench.clock.nowMs += 1;
    await bench.put(event);
  }
  assert.equal((await bench.folders()).length, 3);
  bench.clock.nowMs += 1;
  await bench.put('sighting-4');
  await until('the first is gone', async () => (await bench.folders()).length === 3);
  assert.deepEqual(await bench.folders(), ['sighting-2', 'sighting-3', 'sighting-4']);
  await until('it is told', () =>
    bench.told.some(({ event, pictures }) => event === 'sighting-1' && pictures.length === 0),
  );
  await assert.rejects(
    bench.desk.read({ deviceId: 'box-1', event: 'sighting-1' }, 1, { kind: 'user', id: 'a' }),
    (error) => isAppError(error, 'NOT_FOUND'),
  );
});

test('what is too old goes by itself', async (t) => {
  const bench = await openBench(t, { maxPictures: 100 });
  await bench.put('sighting-1');
  bench.clock.nowMs += DAY_MS / 2;
  await bench.put('sighting-2');
  bench.pass(DAY_MS / 2 + 1);
  await until('the first is gone', async () => (await bench.folders()).length === 1);
  assert.deepEqual(await bench.folders(), ['sighting-2']);
});

test('a picture that comes while its sighting is removed is there as a whole, or not at all', async (t) => {
  const [removing, released, saved] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  assert.ok(removing && released && saved);
  const bench = await openBench(t, {
    maxPictures: 1,
    files: (real) => ({
      save: async (sighting, number, bytes) => {
        await real.save(sighting, number, bytes);
        if (number === 2) saved.resolve();
      },
      load: real.load,
      remove: async (sighting) => {
        await real.remove(sighting);
        removing.resolve();
        await released.promise;
      },
    }),
  });
  await bench.put('sighting-1');
  bench.clock.nowMs += 1;
  const second = bench.put('sighting-2');
  await removing.promise;
  const late = bench.put('sighting-1', 2);
  // By then it has been saved, or it waits for its turn.
  await Promise.race([saved.promise, delay(200)]);
  released.resolve();
  await Promise.all([second, late]);
  await bench.desk.stop();
  const { pictures } = await bench.desk.view({ deviceId: 'box-1', event: 'sighting-1' });
  assert.equal(pictures.length > 0, (await bench.folders()).includes('sighting-1'));
});

test('a picture that could not be stored is taken when it comes again', async (t) => {
  const disk = { isFull: true };
  const bench = await openBench(t, {
    maxPictures: 100,
    files: (real) => ({
      ...real,
      save: (...file) => {
        if (disk.isFull) return Promise.reject(serverError('STORE_FAILED', 'no room'));
        return real.save(...file);
      },
    }),
  });
  await assert.rejects(bench.put('sighting-1'), (error) => isAppError(error, 'STORE_FAILED'));
  disk.isFull = false;
  await bench.put('sighting-1');
  assert.equal((await bench.desk.view({ deviceId: 'box-1', event: 'sighting-1' })).pictures.length, 1);
});
