import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseModelRuns } from './onnx-profile.ts';

test('the runs of a profile are its model_run events, in milliseconds', () => {
  const profile = JSON.stringify([
    { cat: 'Session', name: 'session_initialization', dur: 9000 },
    { cat: 'Session', name: 'model_run', dur: 2830 },
    { cat: 'Node', name: 'conv_kernel_time', dur: 100 },
    { cat: 'Session', name: 'model_run', dur: 3000 },
  ]);
  assert.deepEqual(parseModelRuns(profile), [2.83, 3]);
});
