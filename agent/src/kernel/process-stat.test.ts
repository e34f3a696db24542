import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseProcessStat } from './process-stat.ts';

const stat = (command: string): string =>
  `812 (${command}) S 700 812 812 0 -1 4194560 1 0 0 0 250 50 1200 300 20 0 9 0 1\n`;

for (const command of ['ffmpeg', 'odd) name (x', 'MainThread', ''])
  test(`a process that is called "${command}"`, () =>
    assert.deepEqual(parseProcessStat(stat(command)), {
      ...{ command, state: 'S', parentPid: 700, ownCpuSec: 3, reapedCpuSec: 15 },
    }));

for (const text of ['', 'nonsense', '812 (ffmpeg)'])
  test(`"${text}" is none`, () => assert.equal(parseProcessStat(text), undefined));

test('this process', () => {
  const own = parseProcessStat(readFileSync('/proc/self/stat', 'latin1'));
  assert.equal(own?.parentPid, process.ppid);
  const { user, system } = process.cpuUsage();
  assert.ok(Math.abs((own?.ownCpuSec ?? 0) - (user + system) / 1e6) < 0.1);
});
