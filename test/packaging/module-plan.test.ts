import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isShipped, type LockEntries, planModules } from '../../scripts/package/module-plan.ts';
import { PARCELS, type Parcel } from '../../scripts/package/target.ts';
import { ROOT } from '../support/imports.ts';

const lock = (
  JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { readonly packages: LockEntries }
).packages;

function parcelOf(name: string): Parcel {
  const parcel = PARCELS.find((candidate) => candidate.name === name);
  assert.ok(parcel);
  return parcel;
}
const namesOf = (parcel: string, cpu: 'x64' | 'arm64' = 'x64'): readonly string[] =>
  planModules(lock, parcelOf(parcel), cpu).map(({ name }) => name);

test('each processor gets its own binaries of sharp, and no other', () => {
  const binaries = (cpu: 'x64' | 'arm64') => namesOf('agent', cpu).filter((name) => /sharp-/.test(name));
  assert.deepEqual(binaries('x64'), ['@img/sharp-libvips-linux-x64', '@img/sharp-linux-x64']);
  assert.deepEqual(binaries('arm64'), ['@img/sharp-libvips-linux-arm64', '@img/sharp-linux-arm64']);
});

test('no type checker, no bundler and no browser goes onto a box', () => {
  const strangers = /^(@types\/|typescript|vite|react|playwright|@biomejs|fast-check)/;
  for (const { name } of PARCELS)
    assert.deepEqual(
      namesOf(name).filter((module) => strangers.test(module)),
      [],
    );
});

test('TensorFlow.js is in the package of its own, and only with what the agent does not have', () => {
  const agent = namesOf('agent');
  const tensorflow = namesOf('agent-tfjs');
  assert.ok(tensorflow.includes('@tensorflow/tfjs'));
  assert.ok(tensorflow.includes('@tensorflow/tfjs-backend-wasm'));
  assert.deepEqual(
    tensorflow.filter((name) => agent.includes(name)),
    [],
  );
  assert.deepEqual(
    agent.filter((name) => name.startsWith('@tensorflow/')),
    [],
  );
});

test('the server has all the agent needs, to try models with it', () => {
  const server = namesOf('server');
  const missing = [...namesOf('agent'), ...namesOf('agent-tfjs')].filter((name) => !server.includes(name));
  assert.deepEqual(missing, []);
});

test('a module that the lock file lacks is an error that names it', () => {
  const broken: LockEntries = { agent: { dependencies: { gone: '1.0.0' } } };
  assert.throws(() => planModules(broken, parcelOf('agent'), 'x64'), /does not hold gone, which agent needs/);
});

const SHIPPED: readonly (readonly [name: string, path: string, isWanted: boolean])[] = [
  ['onnxruntime-node', 'bin/napi-v6/linux/x64/libonnxruntime.so.1', true],
  ['onnxruntime-node', 'bin/napi-v6/linux/arm64/libonnxruntime.so.1', false],
  ['onnxruntime-node', 'bin/napi-v6/win32/x64/onnxruntime.dll', false],
  ['onnxruntime-node', 'script/install.js', false],
  ['better-sqlite3', 'prebuilds/linux-x64.node', true],
  ['better-sqlite3', 'prebuilds/linuxmusl-x64.node', false],
  ['better-sqlite3', 'deps/sqlite3/sqlite3.c', false],
  ['@tensorflow/tfjs', 'dist/tf.node.js', true],
  ['@tensorflow/tfjs', 'dist/tf.min.js', false],
  ['@tensorflow/tfjs-backend-wasm', 'dist/tfjs-backend-wasm-simd.wasm', true],
  ['mqtt', 'build/index.js', true],
  ['mqtt', 'dist/mqtt.esm.js', false],
  ['yaml', 'dist/doc/Document.js', true],
  ['pino', 'lib/proto.js', true],
  ['pino', 'docs/api.js', false],
  ['pino', 'pino.d.ts', false],
  ['pino', 'lib/proto.js.map', false],
  ['pino', 'LICENSE', true],
  ['any', 'LICENSE.md', true],
  ['any', 'README.md', false],
  ['@img/sharp-libvips-linux-arm64', 'README.md', true],
  ['any', '.npmignore', false],
  ['any', 'node_modules/other/index.js', false],
];

for (const [name, path, isWanted] of SHIPPED) {
  test(`${path} of ${name} ${isWanted ? 'goes' : 'does not go'} onto an amd64 box`, () => {
    assert.equal(isShipped(name, path, 'x64'), isWanted);
  });
}
