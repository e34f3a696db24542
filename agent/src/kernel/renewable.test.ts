import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRenewable } from './renewable.ts';

const life = new AbortController().signal;

/** Writes down what becomes of each component. */
function createRecorded() {
  const said: string[] = [];
  const part = createRenewable('part', { pace: 1 }, ({ pace }) =>
    pace === 0
      ? undefined
      : {
          name: 'part',
          start: async () => void said.push(`start ${pace}`),
          stop: async () => void said.push(`stop ${pace}`),
        },
  );
  return { part, said };
}

test('other settings end the component that runs and begin another; the same do not', async () => {
  const { part, said } = createRecorded();
  await part.start(life);
  await part.renew({ pace: 1 });
  await Promise.all([part.renew({ pace: 2 }), part.renew({ pace: 3 })]);
  await part.stop();
  assert.deepEqual(said, ['start 1', 'stop 1', 'start 2', 'stop 2', 'start 3', 'stop 3']);
});

test('settings that ask for none leave none running', async () => {
  const { part, said } = createRecorded();
  await part.start(life);
  await part.renew({ pace: 0 });
  await part.renew({ pace: 4 });
  await part.stop();
  assert.deepEqual(said, ['start 1', 'stop 1', 'start 4', 'stop 4']);
});

test('nothing begins after the stop, or before the start', async () => {
  const { part, said } = createRecorded();
  await part.renew({ pace: 2 });
  await part.start(life);
  await part.stop();
  await part.renew({ pace: 3 });
  assert.deepEqual(said, ['start 1', 'stop 1']);
});
