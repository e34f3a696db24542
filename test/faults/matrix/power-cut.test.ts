import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FileOperation, ORDERS_VARIABLE } from '../../support/fault-orders.ts';
import {
  leaveOnDisk,
  loadTrace,
  type PowerCut,
  performOnDisk,
  readDisk,
} from '../../support/fault-power-cut.ts';

const text = (value: string): string => Buffer.from(value).toString('base64');

/** What is left of a folder with `old` in it after the operations and a power cut. */
async function cutAfter(operations: readonly FileOperation[], cut: PowerCut) {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-cut-'));
  writeFileSync(join(folder, 'old'), 'old');
  const disk = await readDisk(folder);
  for (const operation of operations) performOnDisk(disk, operation);
  await leaveOnDisk(disk, folder, cut);
  const read = (name: string): string | undefined =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
  return { folder, read, remove: () => rmSync(folder, { recursive: true }) };
}

const WRITTEN: readonly FileOperation[] = [
  { op: 'open', path: 'new.tmp' },
  { op: 'write', path: 'new.tmp' },
];
const SYNCED: readonly FileOperation[] = [...WRITTEN, { op: 'sync', path: 'new.tmp', synced: text('new') }];
const RENAMED: readonly FileOperation[] = [...SYNCED, { op: 'rename', path: 'new.tmp', to: 'old' }];

for (const [what, operations, nothing, names] of [
  ['a file that was written', WRITTEN, [undefined, 'old'], ['', 'old']],
  ['a file that was synced', SYNCED, [undefined, 'old'], ['new', 'old']],
  ['a file that was renamed over another', RENAMED, [undefined, 'old'], [undefined, 'new']],
  [
    'a renamed file whose folder was synced',
    [...RENAMED, { op: 'sync', path: '' }],
    [undefined, 'new'],
    [undefined, 'new'],
  ],
  [
    'a file renamed before its content was synced',
    [...WRITTEN, { op: 'rename', path: 'new.tmp', to: 'old' }, { op: 'sync', path: '' }],
    [undefined, ''],
    [undefined, ''],
  ],
  ['a file that was removed', [{ op: 'remove', path: 'old' }], [undefined, 'old'], [undefined, undefined]],
] as const satisfies readonly (readonly [
  string,
  readonly FileOperation[],
  readonly (string | undefined)[],
  readonly (string | undefined)[],
])[])
  test(`the disk after a power cut: ${what}`, async () => {
    for (const [cut, expected] of [
      ['nothing unsynced', nothing],
      ['names only', names],
    ] as const) {
      const left = await cutAfter(operations, cut);
      assert.deepEqual([left.read('new.tmp'), left.read('old')], expected, cut);
      left.remove();
    }
  });

test('the disk after a power cut: two names of one file stay one file', async () => {
  const left = await cutAfter(
    [
      { op: 'link', path: 'twin', to: 'old' },
      { op: 'sync', path: '' },
    ],
    'nothing unsynced',
  );
  assert.equal(left.read('twin'), 'old');
  assert.equal(statSync(join(left.folder, 'twin')).ino, statSync(join(left.folder, 'old')).ino);
  left.remove();
});

test('every way a program changes files passes the preload, by name and in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchpost-trace-'));
  const program = join(folder, 'program.mjs');
  const trace = join(folder, 'trace.jsonl');
  const below = join(folder, 'data');
  writeFileSync(
    program,
    `import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import fs, { renameSync } from 'node:fs';
const at = (name) => ${JSON.stringify(below)} + '/' + name;
await mkdir(at(''), { recursive: true });
const file = await open(at('one'), 'w');
await file.writeFile('1');
await file.sync();
await file.close();
await rename(at('one'), at('two'));
await writeFile(at('three'), '3');
fs.writeFileSync(at('four'), '4');
renameSync(at('four'), at('five'));
fs.rmSync(at('five'));
await writeFile(${JSON.stringify(join(folder, 'elsewhere'))}, '');
`,
  );
  const preload = new URL('../../support/fault-preload.ts', import.meta.url).href;
  const orders = [{ kind: 'trace', folder: below, file: trace }];
  const child = fork(program, {
    execArgv: ['--import', preload],
    env: { [ORDERS_VARIABLE]: JSON.stringify(orders) },
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.deepEqual(
    loadTrace(trace).map(({ op, path }) => `${op} ${path}`),
    [
      'mkdir ',
      'open one',
      'write one',
      'sync one',
      'rename one',
      'write three',
      'write four',
      'rename four',
      'remove five',
    ],
  );
  rmSync(folder, { recursive: true });
});
