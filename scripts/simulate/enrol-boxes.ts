import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { parseDirectorKeys } from '@watchpost/agent/identity/file-identity.ts';
import { makeCsr } from '@watchpost/agent/identity/x509-csr.ts';
import { AGENT_VERSION } from '@watchpost/agent/kernel/version.ts';
import { type ApiClient, logIn, withToken } from '@watchpost/fleet-server/cli/api-client.ts';
import { TokenReply } from '@watchpost/shared/api/registry.ts';
import { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import {
  type EnrolRequest,
  EnrolResponse,
  enrolmentChallenge,
} from '@watchpost/shared/messages/enrolment.ts';
import type { BoxAccess } from './box-host.ts';
import { type Population, planBox, planMetadata } from './population.ts';

/** Who speaks with a server that is not the simulation's own. */
export interface ServerAccess {
  readonly server: string;
  readonly user: string;
  readonly password?: string;
  /** An API token, instead of user and password. */
  readonly token?: string;
  /** Its authority, in PEM, where this machine does not know it. */
  readonly ca?: string;
}

export async function openApi({ server, user, password, token, ca }: ServerAccess): Promise<ApiClient> {
  if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), ca]);
  return token !== undefined
    ? withToken({ server, token })
    : logIn({ server, user, password: password ?? '' });
}

const AT_ONCE = 8;

/**
 * Enrols boxes as real ones are: a token, a key and a CSR each, the certificate of the server's authority. Their keys
 * stay in memory: the next run enrols the same ids with other ones.
 */
export async function enrolBoxes(
  population: Population,
  { first, count }: { readonly first: number; readonly count: number },
  access: ServerAccess,
): Promise<readonly BoxAccess[]> {
  const api = await openApi(access);
  const enrolled: BoxAccess[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) enrolled[at] = await enrolBox(population, first + at, api);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return enrolled;
  } finally {
    await api.logout();
  }
}

async function enrolBox(population: Population, index: number, api: ApiClient): Promise<BoxAccess> {
  const { id: deviceId, hardware } = planBox(population, index);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = randomBytes(32).toString('base64url');
  const { token } = await api.post('enrolment-tokens', { ttlMinutes: 60 }, TokenReply);
  const claim = { token, deviceId, secretSha256: sha256Hex(secret) };
  const request: EnrolRequest = {
    ...claim,
    csr: await makeCsr({ privateKey, publicKey: createPublicKey(privateKey) }, deviceId),
    proof: sign('sha256', Buffer.from(enrolmentChallenge(claim)), privateKey).toString('base64url'),
    agentVersion: AGENT_VERSION,
    hardware,
  };
  const welcome = await api.post('enrol', request, EnrolResponse);
  const { site: _site, ...metadata } = planMetadata(population, index);
  await api.patch(
    `devices/${deviceId}/metadata`,
    { tags: { add: metadata.tags }, attrs: metadata.attrs },
    DeviceMetadata,
  );
  const { brokerUrl, directorKey, certificate: cert, caCertificate: ca } = welcome;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const shown = brokerUrl.startsWith('mqtts:') ? { tls: { key, cert, ca } } : { secret };
  return { brokerUrl, directorKeys: parseDirectorKeys(directorKey), ...shown };
}
