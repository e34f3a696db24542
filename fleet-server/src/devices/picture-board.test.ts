import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPictureBoard } from './picture-board.ts';

function open(maxBytes: number) {
  const changes: string[] = [];
  const board = createPictureBoard({
    maxBytes,
    onChange: (deviceId, camera, atMs) => changes.push(`${deviceId}/${camera} ${atMs ?? 'gone'}`),
  });
  return { board, changes };
}

test('the latest picture of a camera replaces the one before', () => {
  const { board, changes } = open(100);
  board.put('box-1', 'door', new Uint8Array(60), 1);
  board.put('box-1', 'door', new Uint8Array(70), 2);
  assert.equal(board.get('box-1', 'door')?.atMs, 2);
  assert.equal(board.get('box-1', 'door')?.jpeg.length, 70);
  assert.equal(board.get('box-1', 'yard'), undefined);
  assert.deepEqual(changes, ['box-1/door 1', 'box-1/door 2']);
});

test('when the board is full, the picture that was renewed longest ago goes', () => {
  const { board, changes } = open(100);
  board.put('box-1', 'door', new Uint8Array(40), 1);
  board.put('box-1', 'yard', new Uint8Array(40), 2);
  board.put('box-1', 'door', new Uint8Array(40), 3);
  board.put('box-2', 'door', new Uint8Array(40), 4);
  assert.equal(board.get('box-1', 'yard'), undefined);
  assert.equal(board.get('box-1', 'door')?.atMs, 3);
  assert.equal(changes.at(-1), 'box-1/yard gone');
});

test('a picture larger than the board does not stay', () => {
  const { board } = open(100);
  board.put('box-1', 'door', new Uint8Array(101), 1);
  assert.equal(board.get('box-1', 'door'), undefined);
});
