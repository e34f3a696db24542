import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodeBinary } from '../../scripts/package/node-binary.ts';
import { fetchPublished } from '../../scripts/package/registry-source.ts';
import { ROOT } from '../support/imports.ts';

let folder = '';
let integrity = '';
const path = process.env.PATH;
const cache = (name: string): string => join(folder, name);

/** An npm whose registry has one package. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-registry-'));
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package', 'package.json'), '{"name":"@scope/tiny"}');
  execFileSync('tar', ['-czf', join(folder, 'tiny.tgz'), '-C', folder, 'package']);
  const archive = readFileSync(join(folder, 'tiny.tgz'));
  integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const npm = `#!/bin/sh\ncp ${folder}/tiny.tgz scope-tiny-1.0.0.tgz\necho '[{"filename":"scope-tiny-1.0.0.tgz"}]'\n`;
  await writeFile(join(folder, 'npm'), npm, { mode: 0o755 });
  process.env.PATH = `${folder}${delimiter}${path}`;
});
after(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

test('a package is fetched once, and kept', async () => {
  const published = { name: '@scope/tiny', version: '1.0.0', integrity };
  const found = await fetchPublished(published, cache('kept'));
  assert.match(await readFile(join(found, 'package.json'), 'utf8'), /tiny/);
  await writeFile(join(found, 'mark'), '');
  assert.ok(existsSync(join(await fetchPublished(published, cache('kept')), 'mark')));
});

test('a package that is not what the digest says is refused, and nothing of it is kept', async () => {
  const published = { name: '@scope/tiny', version: '1.0.0', integrity: 'sha512-AAAA' };
  await assert.rejects(fetchPublished(published, cache('refused')), /expected was sha512-AAAA/);
  assert.deepEqual(readdirSync(cache('refused')), []);
});

test('the Node of the packages is that of this repository', async () => {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: { readonly node: string };
  };
  for (const cpu of ['x64', 'arm64'] as const)
    assert.equal(nodeBinary(cpu).version, manifest.dependencies.node);
});
