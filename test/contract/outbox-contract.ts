import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { STREAMS, type Stream } from '@watchpost/shared/messages/durable.ts';
import { computeRowBytes } from '../../agent/src/uplink/eviction.ts';
import type { Outbox, OutboxRow } from '../../agent/src/uplink/port.ts';

export function makeRow(stream: Stream, createdAtMs = 1000, body = '{"a":1}'): Omit<OutboxRow, 'seq'> {
  return { stream, topic: `${stream}-topic`, body, createdAtMs };
}

const ROW_BYTES = computeRowBytes(makeRow('event'));

/** What every outbox promises. `make` gives an empty one that holds at most `maxBytes`. */
export function outboxContract(name: string, make: (maxBytes: number) => Promise<Outbox>): void {
  describe(`${name} keeps the contract of an outbox`, () => {
    let outbox: Outbox;
    const seqs = (stream: Stream, after = 0) => outbox.peek(stream, after, 99).map((row) => row.seq);
    beforeEach(async () => {
      outbox = await make(1024 * 1024);
    });
    afterEach(() => outbox.close());

    test('the epoch is 16 hex digits', () => assert.match(outbox.epoch, /^[0-9a-f]{16}$/));

    test('each stream is numbered from 1 for itself', () => {
      assert.deepEqual(
        STREAMS.map((stream) => outbox.append(makeRow(stream))),
        [1, 1, 1],
      );
      assert.equal(outbox.append(makeRow('event')), 2);
    });

    test('when empty, the first number is the next one to be given and the last is 0', () => {
      assert.equal(outbox.firstSeq('event'), 1);
      assert.equal(outbox.lastSeq('event'), 0);
    });

    test('a row comes back as it was given, with its number', () => {
      const row = { stream: 'event', topic: 'cam/door/event', body: '{"ö":"✓"}', createdAtMs: 5 } as const;
      outbox.append(row, 'now');
      assert.deepEqual(outbox.peek('event', 0, 1), [{ ...row, seq: 1 }]);
    });

    test('when nothing is acknowledged, peek repeats the same head', () => {
      for (let count = 0; count < 3; count += 1) outbox.append(makeRow('event'));
      outbox.flush();
      assert.deepEqual(seqs('event'), [1, 2, 3]);
      assert.deepEqual(seqs('event'), [1, 2, 3]);
      assert.deepEqual(seqs('event', 1), [2, 3]);
      assert.equal(outbox.peek('event', 0, 2).length, 2);
      assert.equal(outbox.lastSeq('event'), 3);
    });

    test('when a prefix is acknowledged, only that prefix of that stream is gone', () => {
      for (const stream of ['event', 'event', 'event', 'telemetry'] as const) outbox.append(makeRow(stream));
      outbox.flush();
      outbox.acknowledge('event', 2);
      assert.deepEqual(seqs('event'), [3]);
      assert.deepEqual(seqs('telemetry'), [1]);
      assert.equal(outbox.firstSeq('event'), 3);
      assert.equal(outbox.report(1000).rows, 2);
    });

    test('when everything was acknowledged, numbering goes on', () => {
      outbox.append(makeRow('event'), 'now');
      outbox.acknowledge('event', 1);
      assert.equal(outbox.firstSeq('event'), 2);
      assert.equal(outbox.lastSeq('event'), 1);
      assert.equal(outbox.append(makeRow('event'), 'now'), 2);
    });

    test('when the epoch is renewed, rows and numbers stay', () => {
      outbox.append(makeRow('event'), 'now');
      const old = outbox.epoch;
      outbox.renewEpoch({});
      assert.match(outbox.epoch, /^[0-9a-f]{16}$/);
      assert.notEqual(outbox.epoch, old);
      assert.deepEqual(seqs('event'), [1]);
      assert.equal(outbox.append(makeRow('event'), 'now'), 2);
    });

    test('when rows are committed, the listener is called and they can be read', () => {
      const seen: number[][] = [];
      outbox.onCommit(() => seen.push(seqs('event')));
      outbox.append(makeRow('event'), 'now');
      assert.deepEqual(seen, [[1]]);
    });

    test('the report counts rows, bytes and the age of the oldest', () => {
      assert.deepEqual(outbox.report(9000), { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 });
      outbox.append(makeRow('event', 4000));
      outbox.append(makeRow('telemetry', 2000));
      const bytes = ROW_BYTES + computeRowBytes(makeRow('telemetry'));
      outbox.flush();
      assert.deepEqual(outbox.report(9000), { rows: 2, bytes, oldestSec: 7, dropped: 0 });
    });

    test('when the clock was set back, the oldest row is not younger than now', () => {
      outbox.append(makeRow('event', 4000), 'now');
      assert.equal(outbox.report(3000).oldestSec, 0);
    });
  });

  describe(`${name} stays below its cap`, () => {
    let outbox: Outbox;
    const seqs = (stream: Stream) => outbox.peek(stream, 0, 99).map((row) => row.seq);
    beforeEach(async () => {
      outbox = await make(3 * ROW_BYTES + 20);
    });
    afterEach(() => outbox.close());

    test('when it is full, the oldest telemetry goes before any event and is counted', () => {
      outbox.append(makeRow('event'), 'now');
      outbox.append(makeRow('telemetry'), 'now');
      outbox.append(makeRow('event'), 'now');
      outbox.append(makeRow('event'), 'now');
      assert.deepEqual(seqs('telemetry'), []);
      assert.deepEqual(seqs('event'), [1, 2, 3]);
      assert.equal(outbox.firstSeq('telemetry'), 2);
      assert.equal(outbox.report(0).dropped, 1);
    });

    test('what each stream lost is counted apart, and nothing is while nothing was lost', () => {
      assert.equal(outbox.report(0).droppedByStream, undefined);
      outbox.append(makeRow('telemetry'), 'now');
      for (let count = 0; count < 5; count += 1) outbox.append(makeRow('event'), 'now');
      const { dropped, droppedByStream } = outbox.report(0);
      assert.equal(dropped, 3);
      assert.deepEqual(droppedByStream, { event: 2, deployment: 0, telemetry: 1 });
    });

    test('when only events are left, the oldest of them go and the first number moves on', () => {
      for (let count = 0; count < 5; count += 1) outbox.append(makeRow('event'), 'now');
      assert.deepEqual(seqs('event'), [3, 4, 5]);
      assert.equal(outbox.firstSeq('event'), 3);
      assert.equal(outbox.report(0).dropped, 2);
      assert.ok(outbox.report(0).bytes <= 3 * ROW_BYTES + 20);
    });

    test('when events fill it, a new deployment change still gets in', () => {
      for (let count = 0; count < 3; count += 1) outbox.append(makeRow('event', 10), 'now');
      outbox.append(makeRow('deployment', 20), 'now');
      assert.deepEqual(seqs('deployment'), [1]);
      assert.deepEqual(seqs('event'), [2, 3]);
    });
  });
}
