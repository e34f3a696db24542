import { createHash } from 'node:crypto';
import type { Credentials } from '../sources/camera-url.ts';

/** What a server asks for, as far as cameras use it. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'digest';
      readonly algorithm: 'MD5' | 'SHA-256';
      readonly realm: string;
      readonly nonce: string;
      readonly opaque?: string;
      /** Whether a request counter and a nonce of the client are part of the answer (RFC 7616; RFC 2069 had none). */
      readonly hasQop: boolean;
    };

export interface DigestRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly path: string;
  /** How often this challenge was answered, from 1. */
  readonly count: number;
  /** Unpredictable, new for each request. */
  readonly clientNonce: string;
}

const PARAMETER = /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi;
/** What is quoted, or the comma before the next scheme: only a scheme is followed by a space and a parameter. */
const QUOTED_OR_BORDER = /"(?:[^"\\]|\\.)*"|,(?=\s*[a-z][\w-]*\s+[a-z]+\s*=)/gi;
const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' } as const;

/**
 * The strongest challenge that can be answered: SHA-256 before MD5 before Basic.
 * @param headers each `WWW-Authenticate` header on its own
 */
export function chooseChallenge(headers: readonly string[]): Challenge | undefined {
  const offered = headers.flatMap(splitChallenges).flatMap((text) => parseChallenge(text) ?? []);
  return offered.toSorted((a, b) => strengthOf(b) - strengthOf(a))[0];
}

/** RFC 9110, section 11.6.1: one header may hold several. */
function splitChallenges(header: string): readonly string[] {
  const borders = [...header.matchAll(QUOTED_OR_BORDER)].flatMap(({ 0: text, index }) =>
    text === ',' ? index + 1 : [],
  );
  return [0, ...borders].map((start, at) => header.slice(start, borders[at]));
}

function strengthOf(challenge: Challenge): number {
  if (challenge.scheme === 'basic') return 0;
  return challenge.algorithm === 'MD5' ? 1 : 2;
}

function parseChallenge(text: string): Challenge | undefined {
  if (/^\s*basic\b/i.test(text)) return { scheme: 'basic' };
  if (!/^\s*digest\b/i.test(text)) return undefined;
  const found = new Map(
    [...text.matchAll(PARAMETER)].map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '',
    ]),
  );
  const algorithm = (found.get('algorithm') ?? 'MD5').toUpperCase();
  const qop = found.get('qop');
  const [realm, nonce, opaque] = [found.get('realm'), found.get('nonce'), found.get('opaque')];
  if (realm === undefined || nonce === undefined) return undefined;
  if (algorithm !== 'MD5' && algorithm !== 'SHA-256') return undefined;
  if (qop !== undefined && !qop.split(/[\s,]+/).includes('auth')) return undefined;
  const known = { scheme: 'digest', algorithm, realm, nonce, hasQop: qop !== undefined } as const;
  return opaque === undefined ? known : { ...known, opaque };
}

/** The `Authorization` header that answers a challenge (RFC 7616, RFC 7617). */
export function answerChallenge(
  challenge: Challenge,
  { user, password }: Credentials,
  request: DigestRequest,
): string {
  if (challenge.scheme === 'basic')
    return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  const { algorithm, realm, nonce, opaque, hasQop } = challenge;
  const hash = (text: string): string => createHash(HASHES[algorithm]).update(text, 'utf8').digest('hex');
  const count = request.count.toString(16).padStart(8, '0');
  const secret = hash(`${user}:${realm}:${password}`);
  const asked = hash(`${request.method}:${request.path}`);
  const middle = hasQop ? `${nonce}:${count}:${request.clientNonce}:auth` : nonce;
  const fields = [
    `username=${quote(user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.path)}`,
    `algorithm=${algorithm}`,
    `response="${hash(`${secret}:${middle}:${asked}`)}"`,
    ...(hasQop ? ['qop=auth', `nc=${count}`, `cnonce=${quote(request.clientNonce)}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ];
  return `Digest ${fields.join(', ')}`;
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
