import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { findCycle, type Import, ROOT, readImports } from './support/imports.ts';

/** Floors of each program, from the top: a room imports its own floor and those below. */
const FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  agent: [
    ['cli', 'composition'],
    ['pipeline', 'update', 'commands', 'local-api', 'replay', 'watchdog', 'doctor', 'bench'],
    ['inference', 'attention', 'trust', 'download', 'evidence'],
    ['capture', 'discovery', 'decision', 'uplink', 'telemetry', 'drift', 'identity', 'config'],
    ['kernel'],
  ],
  'fleet-server': [
    ['http', 'cli', 'composition'],
    ['ingest', 'rollouts', 'commands', 'gates', 'targeting', 'registry', 'trust', 'accounts', 'evidence'],
    ['broker', 'devices', 'identity', 'blobs', 'store', 'audit', 'config'],
    ['kernel'],
  ],
};

/** A library's name appears in its adapters only. */
const ADAPTERS: Readonly<Record<string, RegExp>> = {
  'onnxruntime-node': /\/onnx-[a-z-]+\.ts$/,
  'better-sqlite3': /\/(sqlite-[a-z-]+|schema)\.ts$/,
  kysely: /^fleet-server\/src\/store\//,
  mqtt: /\/mqtt-[a-z-]+\.ts$/,
  aedes: /\/aedes-[a-z-]+\.ts$/,
  sharp: /\/(sharp-[a-z-]+)\.ts$/,
  '@peculiar/x509': /\/x509-[a-z-]+\.ts$/,
  jose: /\/jws-[a-z-]+\.ts$/,
  systeminformation: /\/systeminformation-[a-z-]+\.ts$/,
  'tuf-js': /\/tuf-[a-z-]+\.ts$/,
  '@tufjs/models': /\/tuf-[a-z-]+\.ts$/,
  croner: /\/croner-[a-z-]+\.ts$/,
  pino: /\/pino-[a-z-]+\.ts$/,
  'node-webcam': /\/node-webcam-[a-z-]+\.ts$/,
  onvif: /\/onvif-[a-z-]+\.ts$/,
};

/** Pure, but for the hash and signature functions of Node, which are functions of their arguments. */
const DETERMINISTIC = ['node:crypto', 'typebox'];

const SOURCES = ['shared/src', 'agent/src', 'fleet-server/src', 'fleet-server/web/src'];
let imports: readonly Import[] = [];

before(async () => {
  imports = await readImports(SOURCES);
  assert.ok(imports.length > 100, 'the import reader found the sources');
});

function violations(isWrong: (candidate: Import) => boolean): readonly string[] {
  return imports.filter(isWrong).map(({ from, target }) => `${from} -> ${target}`);
}

const workspaceOf = (file: string): string =>
  file.startsWith('fleet-server/web/') ? 'web' : (file.split('/')[0] ?? '');
const roomOf = (file: string): string => (file.split('/').length > 3 ? (file.split('/')[2] ?? '') : '');
const isComposition = (file: string): boolean =>
  /\/src\/(main|[a-z-]*cli|server-cli)\.ts$/.test(file) || /\/src\/(cli|composition)\//.test(file);

test('the two programs and the web page meet only in shared', () => {
  assert.deepEqual(
    violations(
      ({ from, target, own }) =>
        own && workspaceOf(target) !== workspaceOf(from) && workspaceOf(target) !== 'shared',
    ),
    [],
  );
});

test('only the command line imports main, and only main imports the composition', () => {
  assert.deepEqual(
    violations(({ from, target, own }) => own && roomOf(target) === 'composition' && !isComposition(from)),
    [],
  );
  assert.deepEqual(
    violations(({ from, target, own }) => own && basename(target) === 'main.ts' && !isComposition(from)),
    [],
  );
});

test('rooms meet only through port.ts and kernel', () => {
  const isForeign = ({ from, target, own }: Import): boolean =>
    own &&
    ['agent', 'fleet-server'].includes(workspaceOf(from)) &&
    workspaceOf(from) === workspaceOf(target) &&
    roomOf(target) !== '' &&
    roomOf(from) !== roomOf(target);
  assert.deepEqual(
    violations(
      (it) =>
        isForeign(it) &&
        !isComposition(it.from) &&
        basename(it.target) !== 'port.ts' &&
        roomOf(it.target) !== 'kernel' &&
        basename(it.target) !== 'schema.ts',
    ),
    [],
  );
});

test('no room imports a room of a higher floor', () => {
  const floorOf = (file: string): number =>
    FLOORS[workspaceOf(file)]?.findIndex((rooms) => rooms.includes(roomOf(file))) ?? -1;
  assert.deepEqual(
    violations(({ from, target, own }) => {
      const isInside =
        own && workspaceOf(from) === workspaceOf(target) && roomOf(from) !== '' && roomOf(target) !== '';
      return isInside && !isComposition(from) && floorOf(target) < floorOf(from);
    }),
    [],
  );
});

test('every room has a floor', () => {
  const rooms = imports
    .map(({ from }) => from)
    .filter((file) => FLOORS[workspaceOf(file)] !== undefined && roomOf(file) !== '');
  const homeless = rooms.filter((file) => !FLOORS[workspaceOf(file)]?.flat().includes(roomOf(file)));
  assert.deepEqual([...new Set(homeless)], []);
});

test('a library is named in its adapters only', () => {
  const isOutside = ({ from, target }: Import): boolean => ADAPTERS[target]?.test(from) === false;
  assert.deepEqual(violations(isOutside), []);
});

test('a file with its unit test beside it is pure', () => {
  const isPure = (file: string): boolean => existsSync(join(ROOT, file.replace(/\.tsx?$/, '.test.ts')));
  assert.deepEqual(
    violations(({ from, target, own }) => !own && isPure(from) && !DETERMINISTIC.includes(target)),
    [],
  );
});

test('there is no import cycle', () => {
  assert.equal(findCycle(imports)?.join(' -> '), undefined);
});

test('the folders within a room do not import each other in a circle', () => {
  const isDeep = (file: string): boolean =>
    FLOORS[workspaceOf(file)] !== undefined && file.split('/').length > 4;
  const folderOf = (file: string): string => (isDeep(file) ? dirname(file) : file);
  const between = imports.map((it) => ({ ...it, from: folderOf(it.from), target: folderOf(it.target) }));
  assert.equal(findCycle(between.filter(({ from, target }) => from !== target))?.join(' -> '), undefined);
});

test('the cycle finder finds a cycle', () => {
  const edge = (from: string, target: string): Import => ({ from, target, own: true });
  assert.deepEqual(findCycle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')]), ['b', 'c', 'b']);
});
