import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProfile } from './board.ts';

const PROFILES = [
  { name: 'every', settings: {} },
  { name: 'pi', match: { deviceTree: ['Pi 5', 'Module 5'] }, settings: {} },
  { name: 'small', match: { processor: ['Intel(R) N100'] }, settings: {} },
];

const TABLE = [
  { board: { deviceTree: 'Raspberry Pi 5 Model B Rev 1.0', processor: '' }, chosen: 'pi' },
  { board: { deviceTree: 'Raspberry Pi Compute Module 5 Rev 1.0', processor: '' }, chosen: 'pi' },
  { board: { deviceTree: 'Raspberry Pi 4 Model B Rev 1.4', processor: '' }, chosen: 'every' },
  { board: { deviceTree: '', processor: 'Intel(R) N100' }, chosen: 'small' },
  { board: { deviceTree: '', processor: 'Intel(R) Xeon(R) Gold' }, chosen: 'every' },
  { board: { deviceTree: '', processor: '' }, chosen: 'every' },
];

for (const { board, chosen } of TABLE) {
  test(`a board that says "${board.deviceTree}${board.processor}" gets the profile "${chosen}"`, () => {
    assert.equal(chooseProfile(PROFILES, board)?.name, chosen);
  });
}

test('a board that no profile suits gets none', () => {
  assert.equal(chooseProfile(PROFILES.slice(1), { deviceTree: '', processor: '' }), undefined);
});
