import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanOnnx } from './onnx-graph-scan.ts';
import { findOnnxProblems } from './onnx-policy.ts';

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const part = (tag: number, bytes: readonly number[]): number[] => [
  ...varint(tag * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
const number = (tag: number, value: number): number[] => [...varint(tag * 8), ...varint(value)];

const opset = (version: number, domain = ''): number[] =>
  part(8, [...part(1, text(domain)), ...number(2, version)]);
const node = (type: string, domain = '', attributes: readonly number[] = []): number[] =>
  part(1, [...part(4, text(type)), ...part(7, text(domain)), ...attributes]);
const tensorAt = (path: string): number[] => part(13, [...part(1, text('location')), ...part(2, text(path))]);
const model = (graph: readonly number[], version = 17): Uint8Array =>
  Uint8Array.from([...number(1, 8), ...part(7, graph), ...opset(version)]);

const problems = (bytes: Uint8Array, paths: readonly string[] = ['model.onnx', 'weights.bin']) =>
  findOnnxProblems(scanOnnx(bytes), paths);

test('a plain model has no problems', () => {
  assert.deepEqual(problems(model([...node('Conv'), ...node('QLinearAdd', 'com.microsoft')])), []);
});

test('operators of every graph are found, those in the branches of an If too', () => {
  const branch = part(5, [...part(1, text('then_branch')), ...part(6, node('Evil', 'my.domain'))]);
  assert.match(problems(model(node('If', '', branch))).join(), /my\.domain:Evil/);
});

test('operators a function of the file defines are known, and its own body is looked at', () => {
  const body = part(7, [...part(4, text('Evil')), ...part(7, text('other'))]);
  const call = part(25, [...part(1, text('gelu')), ...part(10, text('pkg')), ...body]);
  const bytes = Uint8Array.from([...model(node('gelu', 'pkg')), ...call]);
  assert.deepEqual(problems(bytes), ['operators of foreign domains: other:Evil']);
});

for (const path of ['/etc/passwd', '../secret', 'a/../../b', 'C:\\x', '', 'weights\0.bin'])
  test(`weights at ${JSON.stringify(path)} lie outside`, () => {
    assert.match(problems(model(part(5, tensorAt(path)))).join(), /outside the bundle/);
  });

test('weights in a file of the bundle are allowed, in one it does not list they are not', () => {
  assert.deepEqual(problems(model(part(5, tensorAt('weights.bin')))), []);
  assert.match(problems(model(part(5, tensorAt('other.bin')))).join(), /not a file of the bundle/);
});

test('external weights of attributes and of sparse tensors are found', () => {
  const inAttribute = node('Constant', '', part(5, part(5, tensorAt('../a'))));
  const inSparse = part(15, part(1, tensorAt('../b')));
  assert.equal(problems(model([...inAttribute, ...inSparse])).length, 2);
});

test('an opset of another age is named', () => {
  for (const version of [1, 6, 900]) assert.match(problems(model(node('Relu'), version)).join(), /opset/);
  assert.match(problems(Uint8Array.from(part(7, node('Relu')))).join(), /no version/);
});

test('graphs in graphs in graphs end at a limit', () => {
  let graph = node('Relu');
  for (let depth = 0; depth < 200; depth += 1) graph = node('If', '', part(5, part(6, graph)));
  assert.match(problems(model(graph)).join(), /deeper than/);
});

for (const [what, bytes] of [
  ['nothing', []],
  ['text', text('this is no model')],
  ['a length beyond the end', [0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ['a number without end', Array.from({ length: 20 }, () => 0xff)],
  ['field number 0', [0x00, 0x01]],
  ['a graph under a number that others read as its own', [...varint(2 ** 32 + 0x3a), 2, 0x0a, 0]],
  ['a group', [0x0b]],
  ['two graphs', [...model(node('Relu')), ...part(7, node('Relu'))]],
] as const)
  test(`${what} is unreadable, and nothing worse`, () => {
    assert.equal(scanOnnx(Uint8Array.from(bytes)).kind, 'unreadable');
  });

test('a file of nothing but tiny fields is given up', () => {
  const bytes = new Uint8Array(12_000_000);
  for (let at = 0; at < bytes.length; at += 2) bytes[at] = 8;
  assert.deepEqual(scanOnnx(bytes), { kind: 'unreadable', reason: 'too many fields' });
});

test('whatever byte is changed or cut off, the scan ends with an answer', () => {
  const sound = model([
    ...node('Conv', '', part(5, part(5, tensorAt('weights.bin')))),
    ...part(5, tensorAt('x')),
  ]);
  for (let at = 0; at < sound.length; at += 1) {
    scanOnnx(sound.subarray(0, at));
    for (const value of [0, 0x7f, 0x80, 0xff]) scanOnnx(sound.with(at, value));
  }
});
