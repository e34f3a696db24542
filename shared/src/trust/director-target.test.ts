import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import {
  DIRECTOR_TARGET,
  findDirectorProblems,
  listDirectorKeys,
  makeDirectorTarget,
  nameDirectorKey,
} from './director-target.ts';
import { computeKeyId } from './key-id.ts';
import { describeTufChange } from './tuf-change.ts';
import type { TargetSigned, TargetsSigned } from './tuf-metadata.ts';

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const [ONE, TWO] = [1, 2].map(() => pemOf(generateKeyPairSync('ed25519').publicKey)) as [string, string];
const targetsOf = (target?: TargetSigned): TargetsSigned => ({
  _type: 'targets',
  spec_version: '1.0.31',
  version: 1,
  expires: '2030-01-01T00:00:00Z',
  targets: target === undefined ? {} : { [DIRECTOR_TARGET]: target },
});

test('the keys that were put in are listed and named as orders name them', () => {
  const targets = targetsOf(makeDirectorTarget([ONE, TWO]));
  assert.deepEqual(listDirectorKeys(targets), [ONE, TWO]);
  assert.deepEqual(findDirectorProblems(targets), []);
  assert.equal(nameDirectorKey(ONE), computeKeyId(createPublicKey(ONE)));
});

test('without the target there is no list, and nothing wrong', () => {
  assert.equal(listDirectorKeys(targetsOf()), undefined);
  assert.deepEqual(findDirectorProblems(targetsOf()), []);
});

const p256 = pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const secret = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const { custom: _none, ...bare } = makeDirectorTarget([ONE]);
for (const [what, target, why] of [
  ['an empty list', makeDirectorTarget([]), /lists no key/],
  ['a target without a list', bare, /lists no key/],
  ['a key that is there twice', makeDirectorTarget([ONE, ONE]), /twice/],
  ['a key of another kind', makeDirectorTarget([ONE, p256]), /key 2 .* no Ed25519 key/],
  ['a private key', makeDirectorTarget([secret]), /no Ed25519 key/],
  ['a key in a second spelling', makeDirectorTarget([`${ONE}\n`]), /no Ed25519 key/],
  [
    'the digest of another list',
    { ...makeDirectorTarget([TWO]), hashes: makeDirectorTarget([ONE]).hashes },
    /length and digest/,
  ],
] as const) {
  test(`${what} is found`, () => {
    assert.match(findDirectorProblems(targetsOf(target)).join(), why);
  });
}

test('who signs is told which keys come and go', () => {
  const [before, after] = [targetsOf(makeDirectorTarget([ONE])), targetsOf(makeDirectorTarget([TWO]))];
  assert.deepEqual(describeTufChange(before, after).slice(1), [
    `director: key ${nameDirectorKey(TWO)} may give orders to boxes`,
    `director: key ${nameDirectorKey(ONE)} may no longer give orders`,
  ]);
});
