import { connect } from 'node:net';
import { sha256Hex } from '../../../shared/src/kernel/digest.ts';
import { makeManifest } from '../../support/http-data.ts';
import { DEVICE_AUTHORIZATION, MAX_ARTIFACT_BYTES, PASSWORD } from '../../support/http-world.ts';
import type { AttackPlan } from './attack.ts';
import { type HttpStage, isTurnedDown, type RawRequest, sendRaw } from './http-stage.ts';

type Plan = AttackPlan<HttpStage>;
type Ask = Omit<RawRequest, 'port'>;

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };
const JPEG_TYPE = { 'content-type': 'image/jpeg', authorization: DEVICE_AUTHORIZATION };
const MEGABYTE = 1024 * 1024;
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
const ARTIFACT = Buffer.from('a small artifact');

/** The big request is turned down, and the server still answers the small one. */
const oversize = (name: string, big: (stage: HttpStage) => Ask, small: (stage: HttpStage) => Ask): Plan => {
  const isTaken = async (stage: HttpStage): Promise<boolean> => {
    const { status, body } = await sendRaw({ port: stage.port, ...small(stage) });
    if (status >= 200 && status < 300) return true;
    throw new Error(`HTTP ${status} ${body.slice(0, 100)}`);
  };
  return {
    name: `oversize: ${name}`,
    isRefused: async (stage) =>
      isTurnedDown(await sendRaw({ port: stage.port, ...big(stage) })) && (await isTaken(stage)),
    isTaken,
  };
};

const login = (body: string): Ask => ({ method: 'POST', path: '/api/v1/session', headers: JSON_TYPE, body });
const honestLogin = (): Ask => login(JSON.stringify({ user: 'admin', password: PASSWORD }));
const artifact = (
  { cookie }: HttpStage,
  body: Uint8Array,
  more: Readonly<Record<string, string>> = {},
): Ask => ({
  method: 'PUT',
  path: `/api/v1/artifacts/${sha256Hex(body)}`,
  headers: { cookie, ...BYTES_TYPE, ...more },
  body,
});
const honestArtifact = (stage: HttpStage): Ask => artifact(stage, ARTIFACT);
const picture = (body: Uint8Array): Ask => ({
  method: 'PUT',
  path: '/api/v1/device/cameras/gate/picture',
  headers: JPEG_TYPE,
  body,
});
const bundle = ({ cookie }: HttpStage, manifest: unknown): Ask => ({
  method: 'POST',
  path: '/api/v1/bundles',
  headers: { cookie, ...JSON_TYPE },
  body: JSON.stringify({ manifest }),
});
const list = ({ cookie }: HttpStage): Ask => ({
  method: 'GET',
  path: '/api/v1/devices',
  headers: { cookie },
});

/** Two lengths for one body: whoever reads the one sees other requests than whoever reads the other. */
const smuggled: Plan = {
  name: 'a request hidden in the body of another',
  isRefused: async ({ port, cookie }) => {
    const head = `POST /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n`;
    const lengths = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n';
    const answer = await talk(
      port,
      `${head}${lengths}0\r\n\r\nGET /api/v1/devices HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    return answer.startsWith('HTTP/1.1 400') && !answer.includes('HTTP/1.1 200');
  },
  isTaken: async ({ port, cookie }) => {
    const request = `GET /api/v1/devices HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`;
    return (await talk(port, request)).startsWith('HTTP/1.1 200');
  },
};

/** Everything the server says until it closes the connection. */
async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

export const BODY_PLANS: readonly Plan[] = [
  oversize(
    'a login of 2 MB',
    () => login(JSON.stringify({ user: 'x'.repeat(2 * MEGABYTE), password: 'y' })),
    honestLogin,
  ),
  oversize('a login nested 100,000 deep', () => login(`${'['.repeat(1e5)}${']'.repeat(1e5)}`), honestLogin),
  oversize(
    'an artifact beyond the limit',
    (stage) => artifact(stage, new Uint8Array(MAX_ARTIFACT_BYTES + 1)),
    honestArtifact,
  ),
  oversize(
    'an artifact beyond the limit, without a length',
    (stage) => artifact(stage, new Uint8Array(MAX_ARTIFACT_BYTES + 1), { 'transfer-encoding': 'chunked' }),
    honestArtifact,
  ),
  oversize(
    'a picture of 2 MB',
    () => picture(Buffer.concat([JPEG, new Uint8Array(2 * MEGABYTE)])),
    () => picture(JPEG),
  ),
  oversize(
    'a picture that is a page',
    () => picture(Buffer.from('<script>alert(1)</script>')),
    () => picture(JPEG),
  ),
  oversize(
    'a manifest of 17 MB',
    (stage) => bundle(stage, { ...makeManifest(ARTIFACT), lineage: { padding: 'x'.repeat(17 * MEGABYTE) } }),
    list,
  ),
  oversize(
    'a header of 64 KB',
    () => ({ method: 'GET', path: '/health', headers: { x: 'x'.repeat(64 * 1024) } }),
    list,
  ),
  oversize('a path of 64 KB', () => ({ method: 'GET', path: `/${'x'.repeat(64 * 1024)}` }), list),
  oversize(
    'a name of 10,000 letters',
    ({ cookie }) => ({ method: 'GET', path: `/api/v1/devices/${'a'.repeat(10_000)}`, headers: { cookie } }),
    list,
  ),
  smuggled,
];
