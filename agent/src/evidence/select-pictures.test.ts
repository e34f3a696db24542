import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimedPicture } from '../capture/port.ts';
import { MAX_BEFORE, selectAfter, selectBefore } from './select-pictures.ts';

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
const at = (...times: readonly number[]): readonly TimedPicture[] =>
  times.map((capturedAtMs) => ({ jpeg: JPEG, capturedAtMs }));
const before = (recent: readonly TimedPicture[], preRollMs = 3_000, frameAtMs = 10_000) =>
  selectBefore(recent, frameAtMs, preRollMs).map(({ capturedAtMs }) => capturedAtMs);

test('the pictures of the pre-roll come first, the one of the decision last', () => {
  assert.deepEqual(before(at(6_000, 7_000, 8_000, 9_000, 10_000)), [7_000, 8_000, 9_000, 10_000]);
});

test('what came after the frame that decided is the picture of the decision only when it is nearer', () => {
  assert.deepEqual(before(at(9_000, 9_900, 10_050, 10_500)), [9_000, 9_900, 10_050]);
  assert.deepEqual(before(at(9_000, 9_980, 10_050)), [9_000, 9_980]);
});

test('without a pre-roll there is the picture of the decision only', () => {
  assert.deepEqual(before(at(8_000, 9_000, 9_990), 0), [9_990]);
});

test('pictures of a camera that has long shown none are of no decision', () => {
  assert.deepEqual(before(at(1_000, 2_000)), []);
  assert.deepEqual(before([]), []);
});

test('a dense ring is thinned evenly, down to as many as a sighting may have', () => {
  const times = Array.from({ length: 50 }, (_, index) => 7_000 + index * 60);
  const chosen = before(at(...times, 10_000));
  assert.equal(chosen.length, MAX_BEFORE + 1);
  assert.deepEqual([chosen[0], chosen.at(-1)], [7_000, 10_000]);
  const gaps = chosen.slice(1, -1).map((time, index) => time - (chosen[index] ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 360 && gap <= 420),
    String(gaps),
  );
});

test('an empty picture and one no server takes are left out', () => {
  const odd = [
    { jpeg: new Uint8Array(), capturedAtMs: 9_990 },
    { jpeg: new Uint8Array(1024 * 1024 + 1), capturedAtMs: 9_995 },
  ];
  assert.deepEqual(before([...at(9_900), ...odd]), [9_900]);
  assert.equal(selectAfter(odd, 0), undefined);
});

test('afterwards it is the newest, once', () => {
  assert.equal(selectAfter(at(1, 2, 3), 2)?.capturedAtMs, 3);
  assert.equal(selectAfter(at(1, 2, 3), 3), undefined);
});
