import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { formatTarget, ORDER_TOKEN_TYPE, type Order } from '@watchpost/shared/trust/order.ts';
import { CompactSign } from 'jose';
import type { TestBundle } from './test-bundle.ts';

/** `models` as published, with these bundles. */
export const trustOf = (bundles: readonly Pick<TestBundle, 'manifest' | 'digest'>[]) => ({
  listTargets: async () =>
    Object.fromEntries(
      bundles.map(({ manifest, digest }) => [
        formatTarget(manifest.model, manifest.version),
        { length: 1, hashes: { sha256: digest } },
      ]),
    ),
});

let counter = 0;

/** What the director would order of `gate-3` next, valid for an hour around the system's clock. */
export function composeOrder(bundle: TestBundle, overrides: Partial<Order> = {}): Order {
  const { model, version, releaseCounter } = bundle.manifest;
  return {
    deviceId: 'gate-3',
    deploymentId: `deploy-${version}`,
    target: formatTarget(model, version),
    sha256: bundle.digest,
    length: bundle.manifestBytes.length,
    releaseCounter,
    counter: ++counter,
    notBeforeMs: Date.now() - 1_800_000,
    expiresMs: Date.now() + 1_800_000,
    nonce: randomUUID(),
    ...overrides,
  };
}

export function signOrder(order: Order, directorKey: KeyObject, type = ORDER_TOKEN_TYPE): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: computeKeyId(createPublicKey(directorKey)) })
    .sign(directorKey);
}
