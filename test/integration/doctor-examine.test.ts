import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteIn } from '../../agent/src/doctor/check.ts';
import { examineAll } from '../../agent/src/doctor/examine.ts';
import type { Examination } from '../../agent/src/doctor/port.ts';

const note = noteIn('machine');

test('an examination that breaks keeps no other from being made', async () => {
  const titles: string[] = [];
  const examinations: readonly Examination[] = [
    { area: 'storage', title: 'storage', examine: () => Promise.reject(new Error('a bug')) },
    { area: 'machine', title: 'machine', examine: async () => [note('load', 'ok', 'little')] },
  ];
  const report = await examineAll(examinations, { onBegin: (title) => titles.push(title) });
  assert.deepEqual(titles, ['storage', 'machine']);
  assert.equal(report.verdict, 'warning');
  assert.match(report.checks[0]?.found ?? '', /a bug/);
});

test('an examination is told when its time is over', async () => {
  const examine = (signal: AbortSignal) =>
    new Promise<readonly []>((resolve) => signal.addEventListener('abort', () => resolve([])));
  const keepAlive = setInterval(() => undefined, 1_000);
  const report = await examineAll([{ area: 'model', title: 'model', examine }], {
    onBegin: () => undefined,
    limitMs: 10,
  });
  clearInterval(keepAlive);
  assert.deepEqual(report.checks, []);
});

test('cameras are looked at a few at a time', async () => {
  let open = 0;
  let most = 0;
  const examinations = Array.from(
    { length: 10 },
    (_, index): Examination => ({
      area: 'cameras',
      camera: `cam-${index}`,
      title: 'camera',
      examine: async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        return [noteIn('cameras', `cam-${index}`)('stream', 'ok', 'fine')];
      },
    }),
  );
  const report = await examineAll(examinations, { onBegin: () => undefined });
  assert.equal(report.checks.length, 10);
  assert.equal(most, 4);
});
