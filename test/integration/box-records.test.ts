import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRecords } from '../../agent/src/commands/fs-records.ts';

test('a record that goes while the records are read is none; the others are there', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-records-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await writeFile(join(dataDir, 'slots.json'), '{"active":"a"}');
  const passing = ['probation.json', 'slots.back.json', 'slots.next.json'].map((name) => join(dataDir, name));
  let isOver = false;
  const comeAndGo = async (): Promise<void> => {
    while (!isOver) {
      for (const path of passing) await writeFile(path, '{}');
      for (const path of passing) await rm(path);
    }
  };
  const coming = comeAndGo();
  try {
    for (let count = 0; count < 200; count += 1)
      assert.equal((await readRecords(dataDir))['slots.json'], '{"active":"a"}');
  } finally {
    isOver = true;
    await coming;
  }
});
