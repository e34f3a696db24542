import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BoardTest, computeBoardLatency } from './board-latency.ts';

const boardTest = (board: string, p95: number, threads = 2): BoardTest => ({
  board,
  findings: {
    trials: [
      { variant: 'fp32', threads: 1, outcome: 'passed', inferMs: { p50: 1, p95: 9999 } },
      { variant: 'fp32', threads: 2, outcome: 'passed', inferMs: { p50: 1, p95 } },
    ],
    chosen: { variant: 'fp32', threads },
  },
});

test('a board is as fast as the median of its boxes with the variant they chose', () => {
  const latency = computeBoardLatency([
    boardTest('rpi5', 300),
    boardTest('rpi5', 100),
    boardTest('rpi5', 120),
    boardTest('n100', 30),
    boardTest('n100', 20),
  ]);
  assert.deepEqual(
    [...latency],
    [
      ['rpi5', 120],
      ['n100', 20],
    ],
  );
});

test('a self-test that chose nothing, or nothing that was measured, says nothing', () => {
  const { trials } = boardTest('rpi5', 1).findings;
  assert.equal(
    computeBoardLatency([{ board: 'rpi5', findings: { trials } }, boardTest('rpi5', 1, 8)]).size,
    0,
  );
});
