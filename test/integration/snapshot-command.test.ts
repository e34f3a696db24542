import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSnapshot } from '../../agent/src/commands/snapshot-command.ts';
import { FakeCamera } from '../support/fake-camera.ts';

const openDesk = () => {
  const camera = new FakeCamera('gate');
  const sent: number[] = [];
  const snapshot = createSnapshot({
    cameras: () => [camera],
    mayShow: async () => true,
    send: async (_id, { bytes }) => {
      sent.push(bytes.length);
    },
  });
  const take = (signal: AbortSignal) => snapshot({ camera: 'gate' }, { id: 'command-1', signal });
  return { camera, sent, take };
};

test('who asks for a picture before the first one came gets that one', async () => {
  const { camera, sent, take } = openDesk();
  camera.see({ condition: 'online' });
  const taking = take(new AbortController().signal);
  camera.emit();
  const { result } = await taking;
  assert.deepEqual([result?.camera, result?.sizeBytes, sent.length], ['gate', sent[0], 1]);
});

test('a camera that shows nothing while somebody waits is CAMERA_TIMEOUT', async () => {
  const { camera, sent, take } = openDesk();
  camera.see({ condition: 'online' });
  const over = new AbortController();
  const taking = take(over.signal);
  over.abort();
  await assert.rejects(taking, { code: 'CAMERA_TIMEOUT' });
  assert.deepEqual(sent, []);
});
