import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { outliveFullDisk, STDOUT_OPTIONS } from '@watchpost/shared/kernel/log.ts';
import { pino } from 'pino';

const run = promisify(execFile);
const sourceOf = (path: string): string => new URL(`../../${path}`, import.meta.url).href;

const LOGGERS: Readonly<Record<string, string>> = {
  agent: `const { createPinoLogger, createStdoutWith } = await import('${sourceOf('agent/src/kernel/pino-logger.ts')}');
    const logs = [createPinoLogger('info'), createPinoLogger('info', createStdoutWith({ write: () => undefined }))];`,
  server: `const { createPinoLogger } = await import('${sourceOf('fleet-server/src/kernel/pino-logger.ts')}');
    const logs = [createPinoLogger('info')];`,
};
for (const [program, createLogs] of Object.entries(LOGGERS))
  test(`${program}: a full disk under its standard output does not end it`, async () => {
    const module = `${createLogs}
      for (const log of logs) for (let count = 0; count < 30_000; count += 1) log.info({}, 'x'.repeat(100));
      process.stderr.write('lives');`;
    const shell = 'exec "$0" --input-type=module -e "$1" > /dev/full';
    const { stderr } = await run('sh', ['-c', shell, process.execPath, module]);
    assert.equal(stderr, 'lives');
  });

test('when there is room again, lines are written again, what waited first', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-log-'));
  t.after(() => rm(folder, { recursive: true }));
  let isFull = true;
  const disk = {
    ...fs,
    writeSync: (fd: number, text: string) => {
      if (isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return fs.writeSync(fd, text);
    },
  };
  const dest = fs.openSync(join(folder, 'log'), 'w');
  const output = outliveFullDisk(pino.destination({ ...STDOUT_OPTIONS, maxLength: 64, dest, fs: disk }));
  for (let at = 0; at < 20; at += 1) output.write(`line ${at}\n`);
  isFull = false;
  for (const line of ['there', 'is', 'room']) output.write(`${line} now, and for every line\n`);
  fs.closeSync(dest);
  const lines = (await readFile(join(folder, 'log'), 'utf8')).trimEnd().split('\n');
  assert.equal(lines[0], 'line 0');
  assert.equal(lines.at(-1), 'room now, and for every line');
});
