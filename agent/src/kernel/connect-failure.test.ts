import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeConnectFailure } from './connect-failure.ts';

const errorOf = (code: string, message = 'said so'): Error => Object.assign(new Error(message), { code });

const CASES: readonly (readonly [string, string, RegExp])[] = [
  ['ECONNREFUSED', 'CAMERA_UNREACHABLE', /^cam:80: nothing listens at this port/],
  ['EHOSTUNREACH', 'CAMERA_UNREACHABLE', /no way to this address/],
  ['ENOTFOUND', 'CAMERA_UNREACHABLE', /nobody knows this name \(DNS\)/],
  ['ECONNRESET', 'CAMERA_UNREACHABLE', /closed the connection/],
  ['ETIMEDOUT', 'CAMERA_TIMEOUT', /no answer/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CAMERA_TLS', /the certificate is not trusted: it signed itself/],
  ['CERT_HAS_EXPIRED', 'CAMERA_TLS', /the certificate has expired/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'CAMERA_TLS', /for another name/],
  ['EPROTO', 'CAMERA_TLS', /does not speak TLS/],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'CAMERA_TLS', /no TLS connection: said so/],
  ['ESOMETHING', 'CAMERA_UNREACHABLE', /^cam:80: said so$/],
];
for (const [code, expected, words] of CASES) {
  test(`${code} is ${expected} in words`, () => {
    const failure = describeConnectFailure(errorOf(code), 'cam:80');
    assert.equal(failure.code, expected);
    assert.match(failure.detail, words);
  });
}

test('of several addresses that were tried, the first one counts', () => {
  const tried = new AggregateError([errorOf('ECONNREFUSED'), errorOf('ENETUNREACH')]);
  assert.match(describeConnectFailure(tried, 'cam').detail, /connection refused/);
});
