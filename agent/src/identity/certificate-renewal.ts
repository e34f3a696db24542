import { X509Certificate } from 'node:crypto';
import { type BackoffPolicy, computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { NonceReply, RenewalReply, renewalChallenge } from '@watchpost/shared/messages/enrolment.ts';
import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import { type FileCredentials, requireFit } from './file-credentials.ts';
import type { Fetch, Identity } from './port.ts';
import { computeRenewalWaitMs, type Validity } from './renewal-plan.ts';

export interface CertificateRenewalDeps {
  readonly identity: Pick<Identity, 'deviceId'>;
  readonly credentials: FileCredentials;
  readonly serverUrl: string;
  readonly fetch: Fetch;
  /** Learns of the keys of the director, PEM. */
  readonly onDirectorKeys?: (pem: string) => Promise<void>;
  readonly clock: Clock;
  random01(): number;
  readonly log: Logger;
  /** Between two tries. Default: 1 to 60 minutes. */
  readonly backoff?: BackoffPolicy;
  /** Between two looks at the clock. Default: an hour. */
  readonly lookAgainMs?: number;
}

const ANSWER_WITHIN_MS = 30_000;
const BACKOFF: BackoffPolicy = { baseMs: 60_000, maxMs: 3_600_000 };
const LOOK_AGAIN_MS = 3_600_000;
const parseNonce = createJsonParser(NonceReply, 'nonce of the fleet server');
const parseRenewal = createJsonParser(RenewalReply, 'certificate of the fleet server');

/**
 * Replaces the certificate when two thirds of its life are over; tries until it has one. The new one is on disk before
 * it is used; connections that stand stay.
 */
export function createCertificateRenewal(deps: CertificateRenewalDeps): Component {
  const stopping = new AbortController();
  let loop = Promise.resolve();
  return {
    name: 'certificate-renewal',
    start: async (signal) => {
      loop = keepRenewed(deps, AbortSignal.any([signal, stopping.signal]));
    },
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}

async function keepRenewed(deps: CertificateRenewalDeps, signal: AbortSignal): Promise<void> {
  const { credentials, clock, random01, log } = deps;
  const kept = credentials.current();
  if (kept === undefined) return;
  const first = validityOf(kept.cert);
  const draw = random01();
  // The clock of a box that was off may be set right later: what it says now is no more than a first guess.
  const ask = (): number => computeRenewalWaitMs(first, Math.max(clock.wallMs(), first.notBeforeMs), draw);
  await waitLong(computeRenewalWaitMs(first, clock.wallMs(), draw), ask, deps, signal);
  while (!signal.aborted) {
    const validity = await renewPatiently(deps, signal);
    if (validity === undefined) return;
    log.info({ notAfterMs: validity.notAfterMs }, 'certificate renewed');
    // Its age is known without looking at a clock that may be wrong.
    const restMs = computeRenewalWaitMs(validity, validity.notBeforeMs, random01());
    await waitLong(restMs, () => restMs, deps, signal);
  }
}

/** @returns the dates of the new certificate; undefined when told to stop */
async function renewPatiently(
  deps: CertificateRenewalDeps,
  signal: AbortSignal,
): Promise<Validity | undefined> {
  const { random01, log, backoff = BACKOFF } = deps;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await renewCertificate(deps, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      log.warn({ error: describeError(error) }, 'certificate not renewed');
      await waitMs(computeBackoffMs(backoff, attempt, random01()), signal);
    }
  }
  return undefined;
}

function validityOf(certificate: string): Validity {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

/** @param ask how long the wall clock says there is to wait, looked at again and again: the shorter wait counts */
async function waitLong(
  totalMs: number,
  ask: () => number,
  { clock, lookAgainMs = LOOK_AGAIN_MS }: CertificateRenewalDeps,
  signal: AbortSignal,
): Promise<void> {
  const dueMs = clock.monotonicMs() + totalMs;
  let leftMs = totalMs;
  while (leftMs > 0 && !signal.aborted) {
    await waitMs(Math.min(leftMs, lookAgainMs), signal);
    leftMs = Math.min(dueMs - clock.monotonicMs(), ask());
  }
}

/** @throws AppError CERTIFICATE_REFUSED | SERVER_UNREACHABLE | STORE_FAILED */
async function renewCertificate(deps: CertificateRenewalDeps, signal: AbortSignal): Promise<Validity> {
  const { identity, credentials } = deps;
  const { deviceId } = identity;
  const { key } = credentials;
  if (key === undefined) throw agentError('NOT_ENROLLED', 'this box has no key that could be certified');
  const { nonce } = parseNonce(await post(deps, 'device/certificate/nonce', { deviceId }, signal));
  const proof = key.sign(renewalChallenge({ deviceId, nonce }));
  const request = { deviceId, csr: await key.makeCsr(deviceId), nonce, proof };
  const answer = parseRenewal(await post(deps, 'device/certificate', request, signal));
  const { directorKey, ...certified } = answer;
  requireFit(certified, deviceId, key.tlsKey);
  if (directorKey !== undefined) await deps.onDirectorKeys?.(directorKey);
  await credentials.replace(certified);
  return validityOf(certified.certificate);
}

async function post(
  { serverUrl, fetch }: CertificateRenewalDeps,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(`/api/v1/${path}`, serverUrl);
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  }).catch((cause: unknown) => {
    throw agentError('SERVER_UNREACHABLE', `no answer to ${url.href}`, { cause });
  });
  const text = await reply.text();
  if (reply.status === 200) return text;
  const code = reply.status < 500 && reply.status !== 429 ? 'CERTIFICATE_REFUSED' : 'SERVER_UNREACHABLE';
  throw agentError(code, `${url.href} answers HTTP ${reply.status}: ${text.slice(0, 300)}`);
}
