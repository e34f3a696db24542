import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeKeptFree, planRemoval, type RemovalFacts } from './plan-removal.ts';

const kept = (event: string, atMs: number, sizeBytes: number) => ({ event, atMs, sizeBytes });
const FACTS: RemovalFacts = {
  kept: [kept('a', 100, 40), kept('b', 200, 30), kept('c', 300, 20)],
  incomingBytes: 0,
  shortBytes: 0,
  nowMs: 400,
  maxBytes: 100,
  maxAgeMs: 1_000,
};

const CASES: readonly (readonly [string, Partial<RemovalFacts>, readonly string[], boolean])[] = [
  ['nothing goes while there is room and nothing is old', {}, [], true],
  ['what fits to the last byte removes nothing', { incomingBytes: 10 }, [], true],
  ['one byte more removes the oldest', { incomingBytes: 11 }, ['a'], true],
  ['as many go as it takes, the oldest first', { incomingBytes: 60 }, ['a', 'b'], true],
  ['what is as large as the cap removes everything', { incomingBytes: 100 }, ['a', 'b', 'c'], true],
  ['what is larger than the cap removes nothing', { incomingBytes: 101 }, [], false],
  ['but what is over a lower cap without it', { incomingBytes: 101, maxBytes: 60 }, ['a'], false],
  ['what is too old goes whatever the room', { maxAgeMs: 150 }, ['a', 'b'], true],
  ['to the millisecond', { maxAgeMs: 200 }, ['a'], true],
  ['a lower cap counts at once', { maxBytes: 49 }, ['a', 'b'], true],
  ['age without a limit removes nothing', { maxAgeMs: Number.POSITIVE_INFINITY, nowMs: 1e15 }, [], true],
  ['what is from a clock that was ahead is not old', { nowMs: 0, maxAgeMs: 1 }, [], true],
  ['a sighting makes no room for itself', { incomingBytes: 40, incomingEvent: 'a' }, ['b'], true],
  ['to the last of the others', { incomingBytes: 60, incomingEvent: 'a' }, ['b', 'c'], true],
  ['with what can never fit beside it, nothing goes', { incomingBytes: 61, incomingEvent: 'a' }, [], false],
  ['what the disk lacks, the oldest give', { shortBytes: 41 }, ['a', 'b'], true],
  ['to the last byte', { shortBytes: 90 }, ['a', 'b', 'c'], true],
  ['what they cannot give, they do not give in part', { shortBytes: 91 }, [], true],
  ['a sighting gives nothing of itself', { shortBytes: 51, incomingEvent: 'a' }, [], true],
  ['what goes for its age is given too', { shortBytes: 40, maxAgeMs: 250 }, ['a'], true],
  ['with what can never fit, the disk lacks nothing', { incomingBytes: 101, shortBytes: 10 }, [], false],
  ['an empty box has room', { kept: [], incomingBytes: 100 }, [], true],
];
const MB = 1024 * 1024;
const DISKS: readonly (readonly [string, number, number])[] = [
  ['a small disk', 160 * MB, 64 * MB],
  ['a tenth of one', 1_000 * MB, 100 * MB],
  ['a large disk', 64_000 * MB, 256 * MB],
];
for (const [name, totalBytes, freeBytes] of DISKS)
  test(`pictures leave room on ${name}`, () => assert.equal(computeKeptFree(totalBytes), freeBytes));

for (const [name, change, remove, hasRoom] of CASES)
  test(name, () => assert.deepEqual(planRemoval({ ...FACTS, ...change }), { remove, hasRoom }));
