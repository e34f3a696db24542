import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readTextIfThere, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import type { DeviceKeyStore } from './port.ts';

const OWNER_ONLY = 0o600;

/** The key in `path`; undefined when there is none, or one of another kind than P-256. */
export async function findDeviceKey(path: string): Promise<DeviceKeyStore | undefined> {
  const pem = await readTextIfThere(path);
  if (pem === undefined) return undefined;
  const privateKey = createPrivateKey(pem);
  return privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? toKeyStore(privateKey) : undefined;
}

/** Makes a key in place of what `path` holds. */
export async function makeDeviceKey(path: string): Promise<DeviceKeyStore> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = toKeyStore(privateKey);
  await writeFileAtomic(path, key.tlsKey, OWNER_ONLY);
  return key;
}

function toKeyStore(privateKey: KeyObject): DeviceKeyStore {
  const publicKey = createPublicKey(privateKey);
  return {
    fingerprint: computeKeyId(publicKey),
    tlsKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    makeCsr: async (deviceId) => {
      // Needed once in months, and megabytes large.
      const { makeCsr } = await import('./x509-csr.ts');
      return makeCsr({ privateKey, publicKey }, deviceId);
    },
    sign: (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64url'),
  };
}
