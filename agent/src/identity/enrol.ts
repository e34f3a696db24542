import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { readTextIfThere, writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import {
  type EnrolPending,
  type EnrolRequest,
  type EnrolResponse,
  enrolmentChallenge,
} from '@watchpost/shared/messages/enrolment.ts';
import { agentError } from '../kernel/errors.ts';
import { requireFit, writeCertified } from './file-credentials.ts';
import { findDeviceKey, makeDeviceKey } from './file-device-key.ts';
import { loadIdentity, parseDirectorKeys } from './file-identity.ts';
import { identityFiles, isSecret, parseEnrolPending, parseEnrolResponse } from './identity-files.ts';
import type { DeviceKeyStore, Fetch, Identity } from './port.ts';

export interface EnrolOptions {
  readonly serverUrl: string;
  /** One-time; never written anywhere. Without one, the box waits until it is accepted. */
  readonly token?: string;
  /** Told once when the box has to wait. */
  readonly onPending?: (fingerprint: string) => void;
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
  const key = await prepareDeviceKey(options.dataDir);
  const secret = await asStoreFailure(files.folder, () =>
    readOrMake(files.secret, () => randomBytes(32).toString('base64url')),
  );
  const request = await composeRequest(options, key, secret);
  const answer = await untilAccepted(options, () => askServer(options, request, key, signal), signal);
  const { certificate, caCertificate, ...lasting } = answer;
  await writeCertified(files.certificate, { certificate, caCertificate });
  await asStoreFailure(files.folder, () =>
    writeFileAtomic(files.identity, `${JSON.stringify(lasting, undefined, 2)}\n`, OWNER_ONLY),
  );
  return loadIdentity(options.dataDir);
}

/** The key of the box, made when it has none, or a damaged one. @throws AppError STORE_FAILED */
export function prepareDeviceKey(dataDir: string): Promise<DeviceKeyStore> {
  const { folder, deviceKey } = identityFiles(dataDir);
  return asStoreFailure(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    return (await findDeviceKey(deviceKey).catch(onlyUnreadable)) ?? (await makeDeviceKey(deviceKey));
  });
}

/** A damaged key proves nothing to anybody: another takes its place. A disk that fails may hold a good one. */
function onlyUnreadable(error: unknown): undefined {
  if (error instanceof Error && 'syscall' in error) throw error;
}

/** Asks again at the pace of the server; a server that goes away meanwhile is waited for. */
async function untilAccepted(
  { onPending }: EnrolOptions,
  ask: () => Promise<EnrolResponse | EnrolPending>,
  signal: AbortSignal,
): Promise<EnrolResponse> {
  let waitSec: number | undefined;
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (waitSec === undefined || !isAppError(error, 'SERVER_UNREACHABLE')) throw error;
      return undefined;
    });
    if (answer !== undefined && 'certificate' in answer) return answer;
    if (answer !== undefined && waitSec === undefined) onPending?.(answer.fingerprint);
    waitSec = answer?.retryInSec ?? waitSec ?? 1;
    await waitMs(waitSec * 1000, signal);
    signal.throwIfAborted();
  }
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  const kept = await readTextIfThere(path);
  if (kept !== undefined && isSecret(kept)) return kept;
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
    ...(token !== undefined && { token }),
    deviceId,
    csr: await key.makeCsr(deviceId),
    secretSha256,
    proof: key.sign(enrolmentChallenge({ ...(token !== undefined && { token }), deviceId, secretSha256 })),
    agentVersion,
    hardware,
  };
}

async function askServer(
  options: EnrolOptions,
  request: EnrolRequest,
  key: DeviceKeyStore,
  signal: AbortSignal,
): Promise<EnrolResponse | EnrolPending> {
  const { serverUrl, token } = options;
  const server = serverUrl.replace(/\/+$/, '');
  const { status, body } = await post(server, request, { fetch: options.fetch ?? fetch, signal });
  if (status === 202) return readAnswer(server, () => parseEnrolPending(body));
  if (status < 300) return readAnswer(server, () => readWelcome(body, key));
  const { code, message } = (body ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (status >= 500 || status === 429 || typeof code !== 'string' || typeof message !== 'string') {
    throw agentError('SERVER_UNREACHABLE', `${server} cannot enrol this box: HTTP ${status}`);
  }
  const words = token === undefined ? message : message.replaceAll(token, '…');
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

function readWelcome(body: unknown, key: DeviceKeyStore): EnrolResponse {
  const answer = parseEnrolResponse(body);
  parseDirectorKeys(answer.directorKey);
  requireFit(answer, answer.deviceId, key.tlsKey);
  return answer;
}

function readAnswer<Answer>(server: string, read: () => Answer): Answer {
  try {
    return read();
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
