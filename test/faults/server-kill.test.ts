import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { openSqliteStore } from '../../fleet-server/src/store/sqlite-store.ts';
import { createRandom } from '../support/random.ts';
import { type ReportingBox, startReportingBox } from '../support/reporting-box.ts';
import { until } from '../support/until.ts';

const DEVICES = ['box-1', 'box-2'];
const COUNT = 500;
const folder = mkdtempSync(join(tmpdir(), 'watchpost-kill-'));
const path = join(folder, 'fleet.db');
const children = new Set<ChildProcess>();
const boxes: ReportingBox[] = [];

after(async () => {
  for (const box of boxes) await box.stop();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function startServer(port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const script = join(import.meta.dirname, '../support/report-server-child.ts');
  const child = spawn(process.execPath, [script, path, String(port), ...DEVICES], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, port: Number(line) };
}

async function storedSeqs(deviceId: string): Promise<readonly number[]> {
  const store = await openSqliteStore(path);
  const rows = await store.reports.events({ deviceId, limit: 10_000 });
  await store.close();
  return rows.map(({ seq }) => seq).sort((a, b) => a - b);
}

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

test('a server killed again and again stores every event once, and never receipts what it did not store', async () => {
  let server = await startServer(0);
  const random = createRandom(11);
  for (const id of DEVICES) {
    boxes.push(await startReportingBox({ id, port: server.port, count: COUNT, random }));
  }
  for (const part of [0.2, 0.5, 0.8]) {
    await until(`${part} of it is receipted`, () => boxes.every((box) => box.upTo() >= part * COUNT));
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    for (const box of boxes) {
      const receipted = box.upTo();
      assert.deepEqual((await storedSeqs(box.id)).slice(0, receipted), upTo(receipted));
    }
    server = await startServer(server.port);
  }
  await until('everything is receipted', () => boxes.every((box) => box.upTo() === COUNT));
  server.child.kill('SIGKILL');
  await once(server.child, 'exit');
  for (const id of DEVICES) assert.deepEqual(await storedSeqs(id), upTo(COUNT));
});
