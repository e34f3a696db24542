import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VariantTrial } from '@watchpost/shared/messages/deployment-findings.ts';
import { chooseTrial, findExcess, findMostTelling } from './trial-verdict.ts';

const MB = 1024 * 1024;
const measures = { inferMs: { p50: 10, p95: 20 }, rssBytes: 100 * MB };

for (const [name, requires, maxMemoryBytes, code] of [
  ['what keeps every limit passes', { latencyMs: 20, ramBytes: 100 * MB }, 100 * MB, undefined],
  ['without requirements only the memory of the box counts', {}, 768 * MB, undefined],
  ['a p95 above the latency required is too slow', { latencyMs: 19.9 }, 768 * MB, 'SELFTEST_TOO_SLOW'],
  ['more memory than the box gives is too much', {}, 99 * MB, 'SELFTEST_MEMORY'],
  ['more memory than the manifest says is too much', { ramBytes: 99 * MB }, 768 * MB, 'SELFTEST_MEMORY'],
] as const)
  test(name, () => assert.equal(findExcess(measures, { requires, maxMemoryBytes })?.code, code));

test('where memory is not known, latency alone counts', () => {
  const limits = { requires: {}, maxMemoryBytes: 1 };
  assert.equal(findExcess({ inferMs: measures.inferMs }, limits), undefined);
});

const passed = (variant: string, threads: number, p50: number, p95 = p50 * 2): VariantTrial => ({
  variant,
  threads,
  outcome: 'passed',
  inferMs: { p50, p95 },
});
const failed = (code: string, variant = 'fp32'): VariantTrial => ({
  variant,
  threads: 1,
  outcome: 'failed',
  code,
  detail: 'words',
});
const slow = { ...passed('int8', 1, 1), outcome: 'failed', code: 'SELFTEST_TOO_SLOW' } as const;

for (const [name, trials, chosen] of [
  ['the fastest is chosen', [passed('fp32', 1, 10), passed('int8', 1, 5)], 'int8 1'],
  ['more threads are chosen when they pay', [passed('fp32', 1, 10), passed('fp32', 2, 9)], 'fp32 2'],
  ['fewer threads within 5 % are better', [passed('fp32', 1, 10.5), passed('fp32', 2, 10)], 'fp32 1'],
  ['a little beyond 5 % they are not', [passed('fp32', 1, 10.51), passed('fp32', 2, 10)], 'fp32 2'],
  [
    'of as many threads, the fastest, though it comes later',
    [passed('fp32', 1, 10.2), passed('int8', 1, 10)],
    'int8 1',
  ],
  ['what failed is not chosen, however fast', [slow, passed('fp32', 1, 10)], 'fp32 1'],
  ['a disturbed tail does not decide', [passed('fp32', 1, 10, 90), passed('int8', 1, 11, 12)], 'fp32 1'],
  ['of none that passed, none is chosen', [slow, failed('MODEL_MISMATCH')], undefined],
] as const)
  test(name, () => {
    const choice = chooseTrial(trials);
    assert.equal(choice && `${choice.variant} ${choice.threads}`, chosen);
  });

const skipped: VariantTrial = {
  variant: 'u8s8',
  threads: 2,
  outcome: 'skipped',
  detail: 'the processor lacks x',
};

for (const [name, trials, code, detail] of [
  [
    'the failure that came furthest is told',
    [failed('INFERENCE_CRASHED'), failed('SELFTEST_FAILED', 'int8'), failed('MODEL_UNREADABLE')],
    'SELFTEST_FAILED',
    'int8, 1 thread: words',
  ],
  [
    'what ran and was too slow came furthest of all',
    [failed('SELFTEST_FAILED'), slow],
    'SELFTEST_TOO_SLOW',
    /int8/,
  ],
  ['a failure tells more than a variant left out', [skipped, failed('STORE_FAILED')], 'STORE_FAILED', /fp32/],
  [
    'where nothing could be tried, every reason is told',
    [skipped],
    'BUNDLE_UNFIT',
    /u8s8, 2 threads: .*lacks x/,
  ],
  ['a bundle without variants is unfit', [], 'BUNDLE_UNFIT', /no variant/],
] as const)
  test(name, () => {
    const told = findMostTelling(trials);
    assert.equal(told.code, code);
    if (typeof detail === 'string') assert.equal(told.detail, detail);
    else assert.match(told.detail, detail);
  });
