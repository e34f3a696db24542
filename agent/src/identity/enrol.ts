import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import {
  type EnrolRequest,
  type EnrolResponse,
  enrolmentChallenge,
} from '@watchpost/shared/messages/enrolment.ts';
import { agentError } from '../kernel/errors.ts';
import { requireFit, writeCertified } from './file-credentials.ts';
import { findDeviceKey, makeDeviceKey } from './file-device-key.ts';
import { loadIdentity, parseDirectorKeys } from './file-identity.ts';
import { identityFiles, parseEnrolResponse } from './identity-files.ts';
import type { DeviceKeyStore, Fetch, Identity } from './port.ts';

export interface EnrolOptions {
  readonly serverUrl: string;
  /** One-time; never written anywhere. */
  readonly token: string;
  readonly deviceId: string;
  readonly dataDir: string;
  readonly agentVersion: string;
  readonly hardware: Hardware;
  /** Default: the one of Node. */
  readonly fetch?: Fetch;
}

const ANSWER_WITHIN_MS = 30_000;
const OWNER_ONLY = 0o600;

/**
 * Makes key and secret on the box, introduces it to the fleet server and keeps the answer. Key and secret are on
 * disk before the server learns of them, and an interrupted enrolment is repeated with the same ones, which the
 * server answers like the first: a power cut at any point strands nobody.
 * @throws AppError ENROL_REJECTED | SERVER_UNREACHABLE | STORE_FAILED
 */
export async function enrol(options: EnrolOptions, signal: AbortSignal): Promise<Identity> {
  const files = identityFiles(options.dataDir);
  const { key, secret } = await asStoreFailure(files.folder, async () => {
    await mkdir(files.folder, { recursive: true, mode: 0o700 });
    await chmod(files.folder, 0o700);
    return {
      key: (await findDeviceKey(files.deviceKey)) ?? (await makeDeviceKey(files.deviceKey)),
      secret: await readOrMake(files.secret, () => randomBytes(32).toString('base64url')),
    };
  });
  const answer = await askServer(options, key, secret, signal);
  const { certificate, caCertificate, ...lasting } = answer;
  await writeCertified(files.certificate, { certificate, caCertificate });
  await asStoreFailure(files.folder, () =>
    writeFileAtomic(files.identity, `${JSON.stringify(lasting, undefined, 2)}\n`, OWNER_ONLY),
  );
  return loadIdentity(options.dataDir);
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (kept !== undefined) return kept;
  const made = make();
  await writeFileAtomic(path, made, OWNER_ONLY);
  return made;
}

async function composeRequest(
  options: EnrolOptions,
  key: DeviceKeyStore,
  secret: string,
): Promise<EnrolRequest> {
  const { token, deviceId, agentVersion, hardware } = options;
  const secretSha256 = sha256Hex(secret);
  return {
    token,
    deviceId,
    csr: await key.makeCsr(deviceId),
    secretSha256,
    proof: key.sign(enrolmentChallenge({ token, deviceId, secretSha256 })),
    agentVersion,
    hardware,
  };
}

async function askServer(
  options: EnrolOptions,
  key: DeviceKeyStore,
  secret: string,
  signal: AbortSignal,
): Promise<EnrolResponse> {
  const { serverUrl, token } = options;
  const server = serverUrl.replace(/\/+$/, '');
  const request = await composeRequest(options, key, secret);
  const { status, body } = await post(server, request, { fetch: options.fetch ?? fetch, signal });
  if (status < 300) return readAnswer(server, body, key);
  const { code, message } = (body ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (status >= 500 || status === 429 || typeof code !== 'string' || typeof message !== 'string') {
    throw agentError('SERVER_UNREACHABLE', `${server} cannot enrol this box: HTTP ${status}`);
  }
  const words = message.replaceAll(token, '…');
  throw agentError('ENROL_REJECTED', `${server} refuses to enrol this box: ${words} (${code})`);
}

async function post(
  server: string,
  request: EnrolRequest,
  { fetch, signal }: { readonly fetch: Fetch; readonly signal: AbortSignal },
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(`${server}/api/v1/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const text = await response.text();
    return { status: response.status, body: parseLoosely(text) };
  } catch (cause) {
    signal.throwIfAborted();
    throw agentError('SERVER_UNREACHABLE', `${server} does not answer`, { cause });
  }
}

/** Not every answer is the server's own: a proxy answers with a page. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readAnswer(server: string, body: unknown, key: DeviceKeyStore): EnrolResponse {
  try {
    const answer = parseEnrolResponse(body);
    parseDirectorKeys(answer.directorKey);
    requireFit(answer, answer.deviceId, key.tlsKey);
    return answer;
  } catch (cause) {
    const what = `${server} does not answer like a fleet server: ${describeError(cause)}`;
    throw agentError('SERVER_UNREACHABLE', what, { cause });
  }
}

async function asStoreFailure<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw agentError('STORE_FAILED', `cannot keep the identity in ${folder}`, { cause });
  }
}
