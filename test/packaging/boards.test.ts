import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadBoardSettings } from '../../agent/src/config/board-profiles.ts';
import { parseAgentConfig } from '../../agent/src/config/parse.ts';
import { ROOT } from '../support/imports.ts';

const BOARDS = join(ROOT, 'firmware-config/boards');

/** What boards say of themselves. */
const TABLE: readonly (readonly [deviceTree: string, processor: string, profile: string])[] = [
  ['Raspberry Pi 5 Model B Rev 1.0', '', 'raspberry-pi-5'],
  ['Raspberry Pi Compute Module 5 Rev 1.0', '', 'raspberry-pi-5'],
  ['Raspberry Pi 4 Model B Rev 1.5', '', 'generic'],
  ['NVIDIA Jetson AGX Orin Developer Kit', '', 'jetson-orin'],
  ['NVIDIA Orin Nano Developer Kit', '', 'jetson-orin'],
  ['NVIDIA Jetson Nano Developer Kit', '', 'generic'],
  ['', 'Intel(R) N100', 'intel-n100'],
  ['', 'Intel(R) N97', 'intel-n100'],
  ['', 'Intel(R) Core(TM) i5-1240P', 'generic'],
  ['', 'AMD EPYC 7B13', 'generic'],
  ['', '', 'generic'],
];

for (const [deviceTree, processor, profile] of TABLE) {
  test(`"${deviceTree || processor || 'a board that says nothing'}" runs with ${profile}.yaml`, async () => {
    const found = await loadBoardSettings(BOARDS, async () => ({ deviceTree, processor }));
    assert.equal(found?.name, join(BOARDS, `${profile}.yaml`));
  });
}

for (const file of readdirSync(BOARDS)) {
  test(`the settings of ${file} are sound`, async () => {
    const profile = await loadBoardSettings(join(BOARDS, file));
    assert.ok(profile);
    assert.doesNotThrow(() => parseAgentConfig({ profile }));
  });
}

test('a folder with one profile has none for another board; the file itself is for whoever names it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-boards-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'jetson-orin.yaml');
  await copyFile(join(BOARDS, 'jetson-orin.yaml'), file);
  const readPi = async () => ({ deviceTree: 'Raspberry Pi 5 Model B Rev 1.0', processor: '' });
  const readJetson = async () => ({ deviceTree: 'NVIDIA Orin Nano Developer Kit', processor: '' });
  assert.equal(await loadBoardSettings(folder, readPi), undefined);
  assert.equal((await loadBoardSettings(folder, readJetson))?.name, file);
  assert.equal((await loadBoardSettings(file, readPi))?.name, file);
});

test('a folder of profiles that is not there is an error that names it', async () => {
  await assert.rejects(loadBoardSettings('/nowhere/boards'), {
    code: 'CONFIG_UNREADABLE',
    message: /\/nowhere\/boards/,
  });
});
