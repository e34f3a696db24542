import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteIn } from './check.ts';
import type { Verdict } from './port.ts';
import { composeReport, formatReport } from './report.ts';

const note = noteIn('storage');

const VERDICTS: readonly (readonly [readonly Verdict[], string])[] = [
  [[], 'ok'],
  [['ok', 'skipped'], 'ok'],
  [['ok', 'warning', 'skipped'], 'warning'],
  [['warning', 'problem', 'ok'], 'problem'],
];
for (const [verdicts, expected] of VERDICTS) {
  test(`checks that are ${verdicts.join(', ') || 'none'} are ${expected} together`, () =>
    assert.equal(composeReport(verdicts.map((verdict) => note('x', verdict, 'y'))).verdict, expected));
}

test('a report is grouped by area and camera, and fits 100 columns', () => {
  const report = composeReport([
    noteIn('cameras', 'gate')('stream', 'problem', `no answer ${'long '.repeat(40)}`, 'Check the cable.'),
    note('disk', 'ok', '3.2 GB free'),
    noteIn('cameras', 'yard')('stream', 'warning', 'x'.repeat(200)),
    noteIn('settings')('file', 'skipped', 'two\n  lines'),
  ]);
  const text = formatReport(report);
  assert.deepEqual(
    text.split('\n').filter((line) => /^\S/.test(line)),
    ['settings', 'storage', 'camera gate', 'camera yard', '1 problem, 1 warning in 4 checks, 1 skipped'],
  );
  assert.ok(text.split('\n').every((line) => line.length <= 100));
  assert.match(text, /\n {2}PROBLEM {2}stream {10}no answer long/);
  assert.match(text, /\n {27}-> Check the cable\.\n/);
  assert.equal(text.match(/x/g)?.length, 200);
});

test('when all is well, the last line says so', () =>
  assert.match(formatReport(composeReport([note('disk', 'ok', 'fine')])), /\nall is well: 1 checks\n$/));
