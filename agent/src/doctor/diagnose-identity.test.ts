import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnoseIdentity, type IdentityFacts } from './diagnose-identity.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 0, 1);
const dates = (ageDays: number, lifeDays = 30) => ({
  notBeforeMs: NOW_MS - ageDays * DAY_MS,
  notAfterMs: NOW_MS + (lifeDays - ageDays) * DAY_MS,
});
const enrolled = (change: Partial<Extract<IdentityFacts, { kind: 'enrolled' }>> = {}): IdentityFacts => ({
  kind: 'enrolled',
  deviceId: 'gate-3',
  fleet: 'park',
  brokerUrl: 'mqtts://fleet:8883',
  certificate: dates(10),
  ...change,
});

const CASES: readonly (readonly [string, IdentityFacts, string, RegExp])[] = [
  ['it never joined', { kind: 'none' }, 'problem', /has not joined/],
  ['its files are of another user', { kind: 'unreadable', detail: 'EACCES' }, 'skipped', /EACCES/],
  ['its files are torn', { kind: 'damaged', detail: 'the identity is damaged' }, 'problem', /damaged/],
  ['its certificate is young', enrolled(), 'ok', /20 days left/],
  ['its certificate should be renewed', enrolled({ certificate: dates(27) }), 'warning', /3 days left/],
  ['its certificate has expired', enrolled({ certificate: dates(31) }), 'problem', /expired/],
  ['its certificate begins later', enrolled({ certificate: dates(-1) }), 'problem', /yet to come/],
  ['it has no certificate', enrolled({ certificate: undefined }), 'problem', /wants a certificate/],
  [
    'its fleet has no TLS',
    enrolled({ certificate: undefined, brokerUrl: 'mqtt://fleet:1883' }),
    'skipped',
    /without TLS/,
  ],
];
for (const [name, facts, verdict, found] of CASES) {
  test(`when ${name}, that is ${verdict}`, () => {
    const last = diagnoseIdentity(facts, NOW_MS).at(-1);
    assert.equal(last?.verdict, verdict);
    assert.match(last?.found ?? '', found);
  });
}
