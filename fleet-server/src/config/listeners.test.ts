import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { listTlsHosts, requireSafeListeners } from './listeners.ts';

for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
  test(`plain listeners may stand on ${host}`, () => requireSafeListeners({ plain: true, host }));

for (const host of ['0.0.0.0', '::', '192.168.1.5', 'fleet.example', '127.example.org'])
  test(`plain listeners are refused on ${host}`, () => {
    assert.throws(
      () => requireSafeListeners({ plain: true, host }),
      (error) => isAppError(error, 'PLAIN_REFUSED'),
    );
    requireSafeListeners({ plain: false, host });
  });

test('the certificate is for the names given, the address and this machine', () => {
  assert.deepEqual(listTlsHosts({ tlsHosts: 'fleet.example, 10.0.0.5', host: '127.0.0.1' }, 'srv'), [
    'fleet.example',
    '10.0.0.5',
    '127.0.0.1',
    'localhost',
  ]);
  assert.equal(listTlsHosts({ host: '0.0.0.0' }, 'srv')[0], 'srv');
});
