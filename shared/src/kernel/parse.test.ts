import assert from 'node:assert/strict';
import { test } from 'node:test';
import Type from 'typebox';
import { isAppError } from './errors.ts';
import { createJsonParser, createProblemFinder } from './parse.ts';

const Box = Type.Object(
  { fps: Type.Integer({ minimum: 1 }), mode: Type.Enum(['a', 'b']), name: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

test('all problems are found at once, each with its place', () => {
  const problems = createProblemFinder(Box)({ fps: 0, mode: 'c', nme: 'x' });
  assert.deepEqual(
    problems.map((problem) => problem.path),
    ['/nme', '/fps', '/mode'],
  );
  assert.match(problems[0]?.message ?? '', /not a known key/);
  assert.match(problems[2]?.message ?? '', /one of a, b/);
});

test('a good value has no problems', () => {
  assert.deepEqual(createProblemFinder(Box)({ fps: 1, mode: 'a' }), []);
});

test('text that is not JSON is a coded error that names the message', () => {
  const parse = createJsonParser(Box, 'box document');
  assert.throws(
    () => parse('{'),
    (error: unknown) => isAppError(error, 'MESSAGE_INVALID') && error.message.includes('box document'),
  );
});
