import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
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
import { loadIdentity, parseDirectorKeys } from './file-identity.ts';
import { identityFiles, parseEnrolResponse } from './identity-files.ts';
import type { Identity } from './port.ts';

export interface EnrolOptions {
  readonly serverUrl: string;
  /** One-time; never written anywhere. */
  readonly token: string;
  readonly deviceId: string;
  readonly dataDir: string;
  readonly agentVersion: string;
  readonly hardware: Hardware;
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
  const { privateKey, secret } = await asStoreFailure(files.folder, async () => {
    await mkdir(files.folder, { recursive: true, mode: 0o700 });
    await chmod(files.folder, 0o700);
    return {
      privateKey: createPrivateKey(await readOrMake(files.deviceKey, makePrivateKey)),
      secret: await readOrMake(files.secret, () => randomBytes(32).toString('base64url')),
    };
  });
  const answer = await askServer(options, composeRequest(options, privateKey, secret), signal);
  await asStoreFailure(files.folder, () =>
    writeFileAtomic(files.identity, `${JSON.stringify(answer, undefined, 2)}\n`, OWNER_ONLY),
  );
  return loadIdentity(options.dataDir);
}

function makePrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
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

function composeRequest(options: EnrolOptions, privateKey: KeyObject, secret: string): EnrolRequest {
  const { token, deviceId, agentVersion, hardware } = options;
  const secretSha256 = sha256Hex(secret);
  const challenge = enrolmentChallenge({ token, deviceId, secretSha256 });
  return {
    token,
    deviceId,
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    secretSha256,
    proof: sign(null, Buffer.from(challenge), privateKey).toString('base64url'),
    agentVersion,
    hardware,
  };
}

async function askServer(
  { serverUrl, token }: EnrolOptions,
  request: EnrolRequest,
  signal: AbortSignal,
): Promise<EnrolResponse> {
  const server = serverUrl.replace(/\/+$/, '');
  const { status, body } = await post(server, request, signal);
  if (status < 300) return readAnswer(server, body);
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
  signal: AbortSignal,
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

function readAnswer(server: string, body: unknown): EnrolResponse {
  try {
    const answer = parseEnrolResponse(body);
    parseDirectorKeys(answer.directorKey);
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
