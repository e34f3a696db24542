import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandReply } from '@watchpost/shared/messages/command.ts';
import { interruptCommands, judgeCommand, NOTHING_KNOWN, noteCommand, noteReply } from './command-memory.ts';
import type { CommandMemory } from './port.ts';

const done = (id: string): CommandReply => ({ id, state: 'done' });
const after = (...counters: readonly number[]): CommandMemory =>
  counters.reduce((memory, counter) => noteCommand(memory, { id: `c${counter}`, counter }), NOTHING_KNOWN);

test('a command above every one before is fresh, and is done once', () => {
  assert.deepEqual(judgeCommand(NOTHING_KNOWN, { id: 'c1', counter: 1 }), { kind: 'fresh' });
  const memory = after(1, 5);
  assert.deepEqual(judgeCommand(memory, { id: 'c6', counter: 6 }), { kind: 'fresh' });
  assert.deepEqual(judgeCommand(memory, { id: 'c5', counter: 5 }), { kind: 'again' });
});

test('a command whose reply may be lost is answered again, as before', () => {
  const memory = noteReply(after(1, 2), done('c1'));
  assert.deepEqual(judgeCommand(memory, { id: 'c1', counter: 1 }), { kind: 'again', reply: done('c1') });
});

const REPLAYED = [
  ['an older one nobody remembers', { id: 'old', counter: 3 }],
  ['another one under a counter there was', { id: 'other', counter: 5 }],
  ['a known one under an older counter', { id: 'c5', counter: 4 }],
] as const;
for (const [what, order] of REPLAYED)
  test(`${what} is a replay`, () => assert.equal(judgeCommand(after(1, 5), order).kind, 'replayed'));

test('a command forgotten for want of room is a replay, and those that are not through are kept', () => {
  let memory = after(1);
  for (let counter = 2; counter <= 60; counter += 1)
    memory = noteReply(noteCommand(memory, { id: `c${counter}`, counter }), done(`c${counter}`));
  assert.equal(memory.known.length, 17);
  assert.deepEqual(judgeCommand(memory, { id: 'c1', counter: 1 }), { kind: 'again' });
  assert.equal(judgeCommand(memory, { id: 'c2', counter: 2 }).kind, 'replayed');
  assert.deepEqual(judgeCommand(memory, { id: 'c60', counter: 60 }), { kind: 'again', reply: done('c60') });
});

test('what the agent was at when it ended has failed, and nothing else has', () => {
  const memory = interruptCommands(noteReply(after(1, 2), done('c1')));
  assert.deepEqual(
    memory.known.map(({ reply }) => [reply?.state, reply?.code]),
    [
      ['done', undefined],
      ['failed', 'COMMAND_INTERRUPTED'],
    ],
  );
  assert.equal(memory.counter, 2);
});
