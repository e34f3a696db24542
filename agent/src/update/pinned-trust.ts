import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { verifyManifest } from '@watchpost/shared/trust/signature.ts';
import { agentError } from '../kernel/errors.ts';
import type { BundleTrust } from './port.ts';

/** Trusts what one of `keys` signed. */
export function createPinnedTrust(keys: readonly KeyObject[]): BundleTrust {
  return {
    verify: async ({ manifest, signatures }) => {
      const outcome = verifyManifest(manifest, signatures, keys);
      if (outcome.kind === 'trusted') return;
      const why =
        outcome.reason === 'badSignature'
          ? 'a key this box trusts is named, but did not sign this'
          : `none of its signatures is by one of the ${keys.length} keys this box trusts`;
      throw sharedError('SIGNATURE_INVALID', `bundle ${manifest.model} ${manifest.version}: ${why}`);
    },
  };
}

/** Reads `trust.modelKeyFiles`. @throws AppError CONFIG_INVALID naming every file that holds no key */
export async function loadPublicKeys(files: readonly string[]): Promise<readonly KeyObject[]> {
  const read = await Promise.all(files.map(readPublicKey));
  const broken = files.filter((_, index) => read[index] === undefined);
  if (broken.length > 0) {
    throw agentError(
      'CONFIG_INVALID',
      `trust.modelKeyFiles: not an Ed25519 public key in PEM: ${broken.join(', ')}`,
    );
  }
  return read.filter((key) => key !== undefined);
}

async function readPublicKey(file: string): Promise<KeyObject | undefined> {
  try {
    const key = createPublicKey(await readFile(file));
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
