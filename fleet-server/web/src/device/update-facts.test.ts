import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGateValue, listFacts } from './update-facts.ts';

test('a self-test is what was chosen, with its numbers', () => {
  const chosen = { variant: 'int8', threads: 1 };
  const trial = { ...chosen, outcome: 'passed', inferMs: { p50: 1, p95: 22.14 }, rssBytes: 131e6 } as const;
  const facts = listFacts({ kind: 'self_test', trials: [trial], chosen });
  assert.deepEqual(facts, ['int8, 1 thread', 'p95 22.1 ms', '131 MB']);
  assert.deepEqual(listFacts({ kind: 'self_test', trials: [trial] }), ['none of 1 passed']);
  const onCard = { ...trial, provider: 'cuda', inferMs: { p50: 1, p95: 2 } } as const;
  const chosenCard = { ...chosen, provider: 'cuda' } as const;
  const ofCard = listFacts({ kind: 'self_test', trials: [trial, onCard], chosen: chosenCard });
  assert.deepEqual(ofCard.slice(0, 2), ['int8, 1 thread on cuda', 'p95 2.0 ms']);
});

test('a shadow is how often the two agree, and the latency beside the one before', () => {
  const shadow = { kind: 'shadow' as const, windowSec: 60, disagreements: [], busy01: 0.2 };
  assert.deepEqual(
    listFacts({
      ...shadow,
      frames: 1_480,
      agreement01: 0.979,
      errors: 2,
      championMs: { p50: 1, p95: 26 },
      challengerMs: { p50: 1, p95: 123.4 },
    }),
    ['98 % agreement on 1,480 frames', 'p95 123 ms, was 26.0 ms', 'failed on 2 frames'],
  );
  assert.deepEqual(listFacts({ ...shadow, frames: 0, errors: 0 }), ['nothing to compare']);
});

test('a switch is the frames it dropped', () => {
  const facts = listFacts({ kind: 'switch', framesDropped: 1, tookMs: 12.5 });
  assert.deepEqual(facts, ['1 frame dropped', 'took 12.5 ms']);
});

test('a probation is its failed gates, or how many passed', () => {
  const probation = { kind: 'probation', windowSec: 600 } as const;
  const good = { gate: 'pace', verdict: 'passed', value: 0.97, limit: 0.8 } as const;
  const unknown = { gate: 'event_rate', verdict: 'not_judged' } as const;
  const slow = { gate: 'latency', verdict: 'failed', value: 96.4, limit: 60 } as const;
  assert.deepEqual(listFacts({ ...probation, gates: [good, unknown] }), ['1 of 2 gates passed']);
  assert.deepEqual(listFacts({ ...probation, gates: [good, slow] }), ['Latency 96.4 ms, limit 60.0 ms']);
});

test('the value of a gate has its unit', () => {
  assert.equal(formatGateValue('inference_errors', 0.012), '1.2 %');
  assert.equal(formatGateValue('temperature', 61.54), '61.5 °C');
  assert.equal(formatGateValue('event_rate', 1.5), '1.50 × usual');
  assert.equal(formatGateValue('child_restarts', 2), '2');
  assert.equal(formatGateValue('latency', undefined), '–');
});
