import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { SessionListener } from '../../agent/src/uplink/port.ts';
import { openSqliteOutbox } from '../../agent/src/uplink/sqlite-outbox.ts';
import { createUplink } from '../../agent/src/uplink/uplink.ts';
import { mountSmallDisk } from '../support/fault-disk.ts';
import { BIRTH, BOX_ROOT, makeEvent } from '../support/uplink-bench.ts';

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

test('on a full disk, what was receipted is not sent again, and it goes with the next commit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-full-'));
  const disk = mountSmallDisk(join(folder, 'disk'));
  t.after(() => {
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });
  if (disk === undefined) return t.skip('mounting a small disk needs root');
  const path = join(disk.path, 'outbox.sqlite');
  const newEpoch = () => 'a'.repeat(16);
  const outbox = openSqliteOutbox({ path, maxBytes: 1e8, log: silentLogger, newEpoch, wallMs: clock.wallMs });
  const sent: number[] = [];
  let listener: SessionListener | undefined;
  const session = {
    start: (own: SessionListener) => {
      listener = own;
    },
    stop: async () => undefined,
    isConnected: () => true,
    subscribe: () => undefined,
    send: ({ topic, payload }: { readonly topic: string; readonly payload: string }) => {
      if (topic.endsWith('/event')) sent.push((JSON.parse(payload) as { seq: number }).seq);
      return true;
    },
  };
  const receive = (event: number): void => {
    const receipt = JSON.stringify({ epoch: outbox.epoch, upTo: { event } });
    listener?.onMessage(`${BOX_ROOT}/receipt`, Buffer.from(receipt));
  };
  const identity = { deviceId: 'box-1', fleet: 'park' };
  const uplink = createUplink({ identity, outbox, session, birth: () => BIRTH, clock, log: silentLogger });
  await uplink.start(new AbortController().signal);
  t.after(() => uplink.stop().then(() => outbox.close()));
  for (const id of ['e-1', 'e-2', 'e-3']) uplink.record('cameraEvent', makeEvent(id), 'door');
  outbox.flush();
  disk.fill();
  listener?.onConnected();
  receive(2);
  receive(3);
  assert.deepEqual(sent, [1, 2, 3]);
  assert.equal(outbox.report(0).rows, 3, 'the disk cannot let them go');
  disk.empty();
  uplink.record('cameraEvent', makeEvent('e-4'), 'door');
  outbox.flush();
  assert.deepEqual(sent, [1, 2, 3, 4]);
  assert.equal(outbox.firstSeq('event'), 4);
  receive(4);
  assert.equal(outbox.report(0).rows, 0);
});
