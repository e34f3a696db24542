import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DurableMessage, Store } from '../../fleet-server/src/store/port.ts';
import {
  bundleRecord,
  changeMessage,
  deploymentRecord,
  deviceRecord,
  eventMessage,
  rejectedMessage,
  summaryMessage,
} from '../support/fleet-data.ts';

/** What every store must do with what devices report. */
export function reportContract(at: () => Store): void {
  test('a batch is stored, and its cursors say up to where', async () => {
    const { reports } = at();
    const before = await reports.countEvents();
    const batch = [
      eventMessage(1, { deviceId: 'r1' }),
      eventMessage(2, { deviceId: 'r1' }),
      summaryMessage(1, 50, { deviceId: 'r1' }),
    ];
    const result = await reports.commit(batch, 9_000);
    assert.deepEqual(result.fresh, batch);
    assert.deepEqual(
      result.cursors.map(({ deviceId, stream, upTo }) => [deviceId, stream, upTo]),
      [
        ['r1', 'event', 2],
        ['r1', 'telemetry', 1],
      ],
    );
    assert.equal((await reports.countEvents()) - before, 2);
    const [newest] = await reports.events({ deviceId: 'r1', limit: 10 });
    assert.equal(newest?.seq, 2);
    assert.equal(newest?.receivedAtMs, 9_000);
    assert.equal(newest?.camera, 'door');
  });

  test('what was stored is not stored again, and still receipted', async () => {
    const { reports } = at();
    await reports.commit([eventMessage(1, { deviceId: 'r2' })], 1);
    const again = await reports.commit([eventMessage(1, { deviceId: 'r2' })], 2);
    assert.deepEqual(again.fresh, []);
    assert.equal(again.cursors[0]?.upTo, 1);
    assert.equal((await reports.events({ deviceId: 'r2', limit: 10 })).length, 1);
  });

  test('the cursor stops at a gap and goes on when the gap closes', async () => {
    const { reports } = at();
    const commit = async (...seqs: readonly number[]) =>
      (
        await reports.commit(
          seqs.map((seq) => eventMessage(seq, { deviceId: 'r3' })),
          1,
        )
      ).cursors[0]?.upTo;
    assert.equal(await commit(1, 3, 4), 1);
    assert.equal(await commit(3), 1);
    assert.equal(await commit(6), 1);
    assert.equal(await commit(2), 4);
    assert.equal(await commit(5), 6);
    assert.equal((await reports.events({ deviceId: 'r3', limit: 10 })).length, 6);
  });

  test('the cursor does not wait for numbers the box no longer holds', async () => {
    const { cursors } = await at().reports.commit([eventMessage(9, { deviceId: 'r4', firstSeq: 9 })], 1);
    assert.equal(cursors[0]?.upTo, 9);
  });

  test('epochs are numbered apart', async () => {
    const { reports } = at();
    await reports.commit([eventMessage(1, { deviceId: 'r5' })], 1);
    const other = await reports.commit([eventMessage(1, { deviceId: 'r5', epoch: '00000000000000bb' })], 1);
    assert.equal(other.fresh.length, 1);
    assert.equal((await reports.events({ deviceId: 'r5', limit: 10 })).length, 2);
  });

  test('backlog that is stored already is left out, whatever its number', async () => {
    const { reports } = at();
    const deviceId = 'r5b';
    const renumbered = { epoch: '00000000000000cc', historical: true };
    const again = { deviceId, ...renumbered };
    const renumber = (message: DurableMessage, seq: number): DurableMessage =>
      ({ ...message, body: { ...message.body, ...renumbered, seq } }) as DurableMessage;
    const told = [
      eventMessage(1, { deviceId }),
      eventMessage(2, { deviceId }),
      changeMessage(1, 'downloading', { deviceId }),
      summaryMessage(1, 5_000, { deviceId }),
    ];
    await reports.commit(told, 1);
    const unheard = [
      eventMessage(3, again),
      changeMessage(4, 'success', again),
      summaryMessage(4, 6_000, again),
    ];
    const batch = [...told.map((message, index) => renumber(message, index + 5)), ...unheard];
    const { fresh, cursors } = await reports.commit(batch, 2);
    assert.deepEqual(fresh, unheard);
    assert.equal(cursors.length, 3);
    assert.equal((await reports.events({ deviceId, limit: 10 })).length, 3);
    assert.deepEqual((await reports.commit(batch, 3)).fresh, []);
  });

  test('backlog that comes twice in one batch, under two epochs, is stored once', async () => {
    const deviceId = 'r5c';
    const [first, again] = ['00000000000000aa', '00000000000000dd'].map((epoch) =>
      eventMessage(1, { deviceId, epoch, historical: true }),
    );
    assert.ok(first !== undefined && again !== undefined);
    const { fresh, cursors } = await at().reports.commit([first, again], 1);
    assert.deepEqual(fresh, [first]);
    assert.deepEqual(
      cursors.map(({ upTo }) => upTo),
      [1, 1],
    );
  });

  test('backlog that only resembles what is stored is stored', async () => {
    const deviceId = 'r5d';
    const before = eventMessage(1, { deviceId });
    await at().reports.commit([before, summaryMessage(1, 5_000, { deviceId })], 1);
    const numbers = { deviceId, epoch: '00000000000000ee', historical: true };
    const [event, summary] = [eventMessage(1, numbers), summaryMessage(1, 5_000, numbers)];
    const batch = [
      { ...event, body: { ...event.body, type: 'end' } },
      { ...summary, body: { ...summary.body, uptimeSec: 61 } },
      eventMessage(2, { ...numbers, deviceId: 'r5e' }),
    ] as DurableMessage[];
    assert.equal((await at().reports.commit(batch, 2)).fresh.length, 3);
  });

  test('a rejected message is kept aside under its number', async () => {
    const { reports } = at();
    const result = await reports.commit(
      [rejectedMessage(1, { deviceId: 'r6' }), eventMessage(2, { deviceId: 'r6' })],
      1,
    );
    assert.equal(result.cursors[0]?.upTo, 2);
    assert.deepEqual(
      result.fresh.map(({ body }) => body.seq),
      [2],
    );
  });

  test('events are paged from the newest, by device and camera', async () => {
    const { reports } = at();
    const batch = [1, 2, 3, 4].map((seq) =>
      eventMessage(seq, { deviceId: 'r7', camera: seq % 2 === 0 ? 'yard' : 'door' }),
    );
    await reports.commit(batch, 1);
    const page = await reports.events({ deviceId: 'r7', limit: 2 });
    assert.deepEqual(
      page.map(({ seq }) => seq),
      [4, 3],
    );
    const before = page.at(-1)?.rowId ?? 0;
    const next = await reports.events({ deviceId: 'r7', limit: 2, before });
    assert.deepEqual(
      next.map(({ seq }) => seq),
      [2, 1],
    );
    const yard = await reports.events({ deviceId: 'r7', camera: 'yard', limit: 9 });
    assert.deepEqual(
      yard.map(({ seq }) => seq),
      [4, 2],
    );
  });

  test('telemetry gives the newest summaries, oldest first', async () => {
    const { reports } = at();
    await reports.commit(
      [10, 20, 30, 40].map((tsMs, index) => summaryMessage(index + 1, tsMs, { deviceId: 'r8' })),
      1,
    );
    const samples = await reports.telemetry('r8', 15, 2);
    assert.deepEqual(
      samples.map(({ tsMs }) => tsMs),
      [30, 40],
    );
  });

  test('an empty batch is no error', async () => {
    assert.deepEqual(await at().reports.commit([], 1), { cursors: [], fresh: [], moved: [] });
  });

  test('batches committed at the same time store each message once', async () => {
    const { reports } = at();
    const batch = [1, 2, 3].map((seq) => eventMessage(seq, { deviceId: 'r9' }));
    const results = await Promise.all(
      [batch, batch, [...batch].reverse()].map((it) => reports.commit(it, 1)),
    );
    assert.equal(results.flatMap(({ fresh }) => fresh).length, 3);
  });
}

/** Where deployments stand by what devices report of them. */
export function progressContract(at: () => Store): void {
  const deploy = async (id: string): Promise<void> => {
    await at().devices.addToken({ tokenSha256: `token of ${id}`, createdAtMs: 1, expiresAtMs: 2 });
    assert.equal(await at().devices.enrol(deviceRecord(id), `token of ${id}`), true);
    const bundle = bundleRecord('4.0.0');
    await at().bundles.add(bundle);
    await at().deployments.add(deploymentRecord(`deployment of ${id}`, bundle, { deviceId: id }));
  };
  const report = (id: string, ...changes: readonly (readonly [number, DeploymentState])[]) =>
    at().reports.commit(
      changes.map(([seq, state]) =>
        changeMessage(seq, state, { deviceId: id, deploymentId: `deployment of ${id}`, reason: 'TEST' }),
      ),
      5_000,
    );
  const stateOf = async (id: string) => (await at().deployments.latest(id))?.state;

  test('changes of a batch move a deployment in the order of their numbers', async () => {
    await deploy('p1');
    const { moved } = await report('p1', [3, 'downloaded'], [1, 'queued'], [2, 'downloading']);
    assert.deepEqual(
      moved.map(({ deviceId, state, reason, updatedAtMs }) => [deviceId, state, reason, updatedAtMs]),
      [['p1', 'downloaded', 'TEST', 5_000]],
    );
    assert.deepEqual(await at().deployments.latest('p1'), moved[0]);
  });

  test('a change that comes late is told, and the deployment stands where it stood', async () => {
    await deploy('p2');
    await report('p2', [1, 'queued'], [3, 'downloaded']);
    const { moved } = await report('p2', [2, 'downloading']);
    assert.deepEqual(
      moved.map(({ state }) => state),
      ['downloaded'],
    );
    assert.equal(await stateOf('p2'), 'downloaded');
  });

  test('nothing leads out of an end', async () => {
    await deploy('p3');
    await report('p3', [1, 'success']);
    await report('p3', [2, 'failure'], [3, 'downloading']);
    assert.equal(await stateOf('p3'), 'success');
  });

  test("a device cannot move another device's deployment", async () => {
    await deploy('p4');
    const foreign = changeMessage(1, 'success', { deviceId: 'p5', deploymentId: 'deployment of p4' });
    assert.deepEqual((await at().reports.commit([foreign], 1)).moved, []);
    assert.equal(await stateOf('p4'), 'pending');
  });

  test('a change of an unknown deployment is stored all the same', async () => {
    const { fresh } = await at().reports.commit([changeMessage(1, 'success', { deviceId: 'p6' })], 1);
    assert.equal(fresh.length, 1);
  });
}
