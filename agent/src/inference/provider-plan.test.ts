import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planProviders, withFallback } from './provider-plan.ts';

const OFFERED = ['cpu', 'webgpu', 'cuda', 'tensorrt'];

for (const [name, asked, offered, tries, missed] of [
  ['the best that is offered comes first', 'auto', OFFERED, ['tensorrt', 'cuda', 'cpu'], []],
  ['where nothing else is offered, the processor runs it', 'auto', ['cpu'], ['cpu'], []],
  ['the processor alone is tried where it is asked for', 'cpu', OFFERED, ['cpu'], []],
  ['one that is asked for is tried before the processor', 'cuda', OFFERED, ['cuda', 'cpu'], []],
  ['one that is asked for and not offered is named', 'openvino', OFFERED, ['cpu'], ['openvino']],
] as const)
  test(name, () => {
    const plan = planProviders(asked, offered);
    assert.deepEqual(plan.tries, tries);
    assert.deepEqual(
      plan.setbacks.map(({ provider }) => provider),
      missed,
    );
  });

test('what an accelerator cannot run falls to the processor', () => {
  assert.deepEqual(withFallback('cuda'), ['cuda', 'cpu']);
  assert.deepEqual(withFallback('cpu'), ['cpu']);
});
