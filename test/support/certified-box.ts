import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { type EnrolRequest, enrolmentChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { makeCsr } from '../../agent/src/identity/x509-csr.ts';
import type { CertificateAuthority } from '../../fleet-server/src/identity/port.ts';
import { createX509Authority } from '../../fleet-server/src/identity/x509-authority.ts';
import { loadAuthorityFile } from '../../fleet-server/src/identity/x509-authority-file.ts';
import { HARDWARE } from './fleet-data.ts';

/** A box as a test plays it: an id and a key pair. */
export interface Box {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function makeBox(id: string, namedCurve = 'P-256'): Box {
  return { id, ...generateKeyPairSync('ec', { namedCurve }) };
}

export const pemOf = ({ publicKey }: Pick<Box, 'publicKey'>): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const keyOf = ({ privateKey }: Pick<Box, 'privateKey'>): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const csrOf = (box: Box, commonName = box.id): Promise<string> => makeCsr(box, commonName);
export const signBy = ({ privateKey }: Box, text: string): string =>
  sign('sha256', Buffer.from(text), privateKey).toString('base64url');

export async function enrolRequest(box: Box, token: string, secret = 'secret'): Promise<EnrolRequest> {
  const claim = { token, deviceId: box.id, secretSha256: sha256Hex(secret) };
  return {
    ...claim,
    csr: await csrOf(box),
    proof: signBy(box, enrolmentChallenge(claim)),
    agentVersion: '0.1.0',
    hardware: HARDWARE,
  };
}

/** The authority of a server, as whoever stole its key would have it. */
export async function authorityIn(dataDir: string, nowMs = () => Date.now()): Promise<CertificateAuthority> {
  const file = await loadAuthorityFile(join(dataDir, 'keys', 'ca.pem'), nowMs());
  return createX509Authority({ file, nowMs });
}

/** An authority of its own, on disk for as long as it takes to load it. */
export async function makeAuthority(): Promise<CertificateAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-ca-'));
  try {
    return await authorityIn(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
