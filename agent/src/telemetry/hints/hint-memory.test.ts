import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HintMemory, listHints, rememberHints } from './hint-memory.ts';
import type { Sign } from './sign.ts';

const sign = (score: number, change: Partial<Sign> = {}): Sign => ({
  code: 'disk_filling',
  score,
  severity: 'warning',
  urgentAt: 2,
  evidence: { daysLeft: 3 },
  text: 'full soon',
  ...change,
});

/** The severity told after each look, `-` for none; `?` is a look that could not judge. */
function watch(scores: readonly (number | '?')[]): string {
  let memory: HintMemory = new Map();
  return scores
    .map((score, index) => {
      memory = rememberHints(memory, score === '?' ? [] : [sign(score)], index * 1000);
      return listHints(memory)[0]?.severity[0] ?? '-';
    })
    .join('');
}

const CASES = [
  ['it matters at three looks in a row', [1, 1, 1, 1], '--ww'],
  ['it matters for two looks and then does not', [1, 1, 0.9, 1, 1, 0.9], '------'],
  ['it falls a little below its mark', [1, 1, 1, 0.9, 0.85, 0.81, 0.9], '--wwwww'],
  ['it is well for a while, and then not', [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 1, 0.1], '--wwwwwww'],
  ['it is well for five looks in a row', [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], '--wwwww--'],
  ['it becomes urgent, and stays so until it is well below', [1, 1, 1, 2, 1.7, 1.6, 1.5, 2], '--wuuuwu'],
  ['it cannot be judged for a while', [1, 1, 1, '?', '?', '?', '?', '?', '?'], '--wwwwwww'],
  ['it cannot be judged before it is told', [1, 1, '?', 1, 1, 1], '-----w'],
] as const;
for (const [name, scores, told] of CASES) {
  test(`when ${name}, what is told is ${told}`, () => assert.equal(watch(scores), told));
}

test('when it cannot be judged for half a day of minutes, a hint goes', () => {
  const scores = [1, 1, 1, ...Array.from({ length: 720 }, () => '?' as const)];
  assert.match(watch(scores), /^--w{720}-$/);
});

test('a hint says since when it matters, with the evidence of now', () => {
  let memory: HintMemory = new Map();
  for (const at of [0, 1, 2, 3]) {
    memory = rememberHints(memory, [sign(1, { subject: 'sda', evidence: { daysLeft: 9 - at } })], 5000 + at);
  }
  assert.deepEqual(listHints(memory), [
    {
      code: 'disk_filling',
      subject: 'sda',
      severity: 'warning',
      sinceMs: 5000,
      evidence: { daysLeft: 6 },
      text: 'full soon',
    },
  ]);
});

test('the worst come first, the oldest of the same before the younger, and each subject is told apart', () => {
  let memory: HintMemory = new Map();
  for (const at of [0, 1, 2, 3, 4]) {
    memory = rememberHints(
      memory,
      [
        sign(1, { code: 'disk_writes', severity: 'notice' }),
        ...(at > 1 ? [sign(1, { subject: 'a' })] : []),
        sign(1, { subject: 'b' }),
        sign(5, { code: 'disk_worn' }),
      ],
      at,
    );
  }
  assert.deepEqual(
    listHints(memory).map(({ code, subject, severity }) => [code, subject, severity]),
    [
      ['disk_worn', undefined, 'urgent'],
      ['disk_filling', 'b', 'warning'],
      ['disk_filling', 'a', 'warning'],
      ['disk_writes', undefined, 'notice'],
    ],
  );
});

test('what was never told leaves nothing to remember', () => {
  assert.equal(rememberHints(new Map(), [sign(0.5)], 0).size, 0);
});
