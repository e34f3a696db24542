import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseConnection, diagnoseReach } from './diagnose-connection.ts';
import type { ConnectionStep } from './port.ts';

const ok = (name: ConnectionStep['name'], found = 'fine'): ConnectionStep => ({
  name,
  outcome: { kind: 'ok', found },
});
const fails = (name: ConnectionStep['name'], code: string): ConnectionStep => ({
  name,
  outcome: { kind: 'failed', code, detail: `as ${code}` },
});

test('each step has a check, and the one that fails is named', () => {
  const steps = [ok('DNS'), ok('TCP'), fails('TLS', 'CERT_HAS_EXPIRED')];
  const checks = diagnoseConnection('server', 'https://fleet', { steps });
  assert.deepEqual(
    checks.map(({ name, verdict }) => [name, verdict]),
    [
      ['server DNS', 'ok'],
      ['server TCP', 'ok'],
      ['server TLS', 'problem'],
    ],
  );
  assert.match(
    checks[2]?.found ?? '',
    /https:\/\/fleet: its certificate has expired \(as CERT_HAS_EXPIRED\)/,
  );
});

const ADVICE: readonly (readonly [ConnectionStep['name'], string, RegExp])[] = [
  ['DNS', 'ENOTFOUND', /spelling/],
  ['DNS', 'EAI_AGAIN', /router/],
  ['TCP', 'ECONNREFUSED', /service of the broker/],
  ['TCP', 'ETIMEDOUT', /firewalls/],
  ['TLS', 'SELF_SIGNED_CERT_IN_CHAIN', /enrolled again/],
  ['TLS', 'CERT_NOT_YET_VALID', /clock/],
  ['TLS', 'EPROTO', /without the s/],
  ['TCP', 'ESOMETHING', /another machine/],
];
for (const [step, code, advice] of ADVICE) {
  test(`${code}: ${advice.source}`, () =>
    assert.match(
      diagnoseConnection('broker', 'mqtts://b', { steps: [fails(step, code)] })[0]?.advice ?? '',
      advice,
    ));
}

test('a server that answers with an error is no fleet server', () => {
  const [check] = diagnoseConnection('server', 'https://fleet', {
    steps: [ok('HTTP', 'HTTP 404 after 3 ms')],
  });
  assert.equal(check?.verdict, 'problem');
});

test('the way to a camera is one check', () => {
  assert.equal(diagnoseReach('gate', { steps: [ok('DNS', 'a'), ok('TCP', 'b')] }).found, 'a, b');
  const lost = diagnoseReach('gate', { steps: [ok('DNS'), fails('TCP', 'EHOSTUNREACH')] });
  assert.deepEqual([lost.camera, lost.verdict], ['gate', 'problem']);
});
