import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** How a camera asks who is there. */
export type Guard = 'basic' | 'MD5' | 'SHA-256';

export interface HttpGuard {
  /** True when the request may pass; else it has been answered with 401. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
}

/** Counts Digest answers, so that one that was heard before is not accepted again. */
export function createHttpGuard(kind: Guard, credentials: string): HttpGuard {
  const [user = '', password = ''] = credentials.split(/:(.*)/s);
  const nonce = randomUUID();
  let lastCount = 0;
  const isAnswered = (authorization: string, method: string): boolean => {
    if (kind === 'basic') return authorization === `Basic ${Buffer.from(credentials).toString('base64')}`;
    const fields = Object.fromEntries(
      [...authorization.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map(
        ([, name, quoted, bare]) => [name, quoted?.replace(/\\(.)/g, '$1') ?? bare],
      ),
    );
    const hash = (text: string): string =>
      createHash(kind === 'MD5' ? 'md5' : 'sha256')
        .update(text)
        .digest('hex');
    const count = Number.parseInt(fields.nc ?? '', 16);
    const secret = hash(`${user}:Camera "1":${password}`);
    const asked = hash(`${method}:${fields.uri}`);
    const expected = hash(`${secret}:${nonce}:${fields.nc}:${fields.cnonce}:auth:${asked}`);
    if (!(count > lastCount) || fields.response !== expected || fields.username !== user) return false;
    lastCount = count;
    return true;
  };
  return {
    admit(request, response) {
      if (isAnswered(request.headers.authorization ?? '', request.method ?? '')) return true;
      const challenge =
        kind === 'basic'
          ? 'Basic realm="camera"'
          : `Digest realm="Camera \\"1\\"", qop="auth", algorithm=${kind}, nonce="${nonce}", opaque="x"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return false;
    },
  };
}
