import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerChallenge, chooseChallenge } from './digest-auth.ts';

/** The example of RFC 7616, section 3.9.1. */
const MUFASA = { user: 'Mufasa', password: 'Circle of Life' };
const REQUEST = {
  method: 'GET',
  path: '/dir/index.html',
  count: 1,
  clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};
const rfc7616 = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

for (const [algorithm, response] of [
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const) {
  test(`the example of RFC 7616 is answered as it says (${algorithm})`, () => {
    const challenge = chooseChallenge([rfc7616(algorithm)]);
    assert.ok(challenge !== undefined);
    const answer = answerChallenge(challenge, MUFASA, REQUEST);
    assert.match(answer, new RegExp(`response="${response}"`));
    assert.match(answer, /^Digest username="Mufasa", .*qop=auth, nc=00000001, cnonce="f2\/wE/);
    assert.match(answer, /opaque="FQhe\//);
  });
}

test('the example of RFC 2069, of old cameras without qop, is answered as its erratum says', () => {
  const challenge = chooseChallenge([
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  ]);
  assert.ok(challenge !== undefined);
  const answer = answerChallenge(challenge, { user: 'Mufasa', password: 'CircleOfLife' }, REQUEST);
  assert.match(answer, /response="1949323746fe6a43ef61f9606e7febea"/);
  assert.doesNotMatch(answer, /cnonce|qop|nc=/);
});

test('the strongest challenge offered is answered, and what is not known is passed over', () => {
  const offers = [
    'Negotiate',
    'Basic realm="cam"',
    rfc7616('MD5'),
    rfc7616('SHA-256'),
    rfc7616('SHA-512-256'),
  ];
  const chosen = chooseChallenge(offers);
  assert.equal(chosen?.scheme === 'digest' && chosen.algorithm, 'SHA-256');
  assert.equal(chooseChallenge(['Basic realm="cam"'])?.scheme, 'basic');
  for (const offer of ['Negotiate', 'Digest qop="auth"', 'Digest realm="a", nonce="b", qop="auth-int"', ''])
    assert.equal(chooseChallenge([offer]), undefined, offer);
});

test('several challenges may stand in one header, and a comma in quotes parts none', () => {
  const other = 'Digest realm="a, Basic b", nonce="n", algorithm=MD5';
  for (const header of [
    `${rfc7616('SHA-256')}, ${other}`,
    `Basic realm="cam", ${rfc7616('SHA-256')},${other}`,
  ])
    assert.deepEqual(chooseChallenge([header]), chooseChallenge([rfc7616('SHA-256')]), header);
  const chosen = chooseChallenge([other]);
  assert.equal(chosen?.scheme === 'digest' && chosen.realm, 'a, Basic b');
});

test('Basic keeps letters beyond ASCII and colons of a password', () => {
  const answer = answerChallenge({ scheme: 'basic' }, { user: 'wärter', password: 'a:b' }, REQUEST);
  assert.equal(Buffer.from(answer.slice('Basic '.length), 'base64').toString(), 'wärter:a:b');
});

test('quotes in a name do not end the field', () => {
  const challenge = chooseChallenge(['Digest realm="a \\"b\\"", nonce="n"']);
  assert.ok(challenge !== undefined);
  const answer = answerChallenge(challenge, { user: 'x"y', password: 'z' }, REQUEST);
  assert.match(answer, /username="x\\"y", realm="a \\"b\\""/);
});
