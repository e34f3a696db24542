import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { startTlsFleet, type TlsFleet } from '../../support/tls-fleet.ts';
import { type AttackPlan, createFamily } from './attack.ts';
import {
  type HttpStage,
  isTurnedDown,
  openHttpStage,
  type RawRequest,
  SECRET,
  sendRaw,
} from './http-stage.ts';

/** A server whose blobs, keys and database lie on disk, and one that serves a page. */
interface FileStage {
  readonly page: HttpStage;
  readonly fleet: TlsFleet;
  readonly cookie: string;
  /** What lies in the data folder and must not be read. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

async function openFileStage(): Promise<FileStage> {
  const [page, fleet] = [await openHttpStage(), await startTlsFleet()];
  const password = (await readFile(join(fleet.dataDir, 'admin-password'), 'utf8')).trim();
  const { status, headers } = await fleet.fetchAs()(`${fleet.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'admin', password }),
  });
  const [cookie = ''] = headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '');
  if (status !== 200) throw new Error(`no login: ${status}`);
  return {
    page,
    fleet,
    cookie,
    secrets: [SECRET, password, 'PRIVATE KEY', 'SQLite format', 'root:x:'],
    close: async () => {
      await page.close();
      await fleet.stop();
    },
  };
}

/** Ways out of a folder, as they stand in a request line. */
const UPWARD = ['..', '%2e%2e', '..%2f..', '%2e%2e%2f%2e%2e', '..%5c..', '..%252f..', '....//..', '.%00./..'];
const FILES = ['secret', 'admin-password', 'keys/ca.pem', 'fleet.sqlite', '../../../../../../etc/passwd'];
const WAYS: readonly string[] = [
  ...UPWARD.flatMap((up) =>
    FILES.flatMap((file) => [`${up}/${file}`, `${up}%2f${file.replaceAll('/', '%2f')}`]),
  ),
  '%2fetc%2fpasswd',
  '//etc/passwd',
  'file:%2f%2f%2fetc%2fpasswd',
  '..;/secret',
];

interface FileRoute {
  readonly name: string;
  readonly method?: string;
  /** The path; `*` is where a name of a file stands. */
  readonly path: string;
  /** Which of the two servers. */
  readonly on: 'page' | 'fleet';
  readonly headers?: Readonly<Record<string, string>>;
}

const WRITTEN = 'bytes that are written';
const BYTES = { 'content-type': 'application/octet-stream' };
const ROUTES: readonly FileRoute[] = [
  { name: 'artifacts', path: '/api/v1/artifacts/*', on: 'fleet' },
  { name: 'artifacts written', method: 'PUT', path: '/api/v1/artifacts/*', on: 'fleet', headers: BYTES },
  { name: 'manifests', path: '/api/v1/bundles/*/manifest', on: 'fleet' },
  { name: 'trust metadata', path: '/api/v1/tuf/*', on: 'fleet' },
  { name: 'models', path: '/api/v1/models/*', on: 'fleet' },
  { name: 'versions of a model', path: '/api/v1/models/pets/versions/*', on: 'fleet' },
  { name: 'pictures of a box', path: '/api/v1/devices/*/cameras/gate/picture', on: 'page' },
  { name: 'pictures of a camera', path: '/api/v1/devices/box-1/cameras/*/picture', on: 'page' },
  { name: 'the page', path: '/*', on: 'page' },
  { name: 'the assets of the page', path: '/assets/*', on: 'page' },
  { name: 'the documentation', path: '/docs/static/*', on: 'page' },
];

function requestFor(stage: FileStage, route: FileRoute, way: string): RawRequest {
  const { method = 'GET', path, on, headers } = route;
  const isPage = on === 'page';
  const cookie = isPage ? stage.page.cookie : stage.cookie;
  return {
    port: isPage ? stage.page.port : Number(new URL(stage.fleet.url).port),
    ...(!isPage && { ca: stage.fleet.ca }),
    method,
    path: path.replace('*', way),
    headers: { cookie, ...headers },
    ...(method === 'PUT' && { body: WRITTEN }),
  };
}

const escapes = (route: FileRoute): AttackPlan<FileStage> => ({
  name: `path traversal: ${route.name}`,
  isRefused: async (stage) => {
    for (const way of WAYS) {
      const reply = await sendRaw(requestFor(stage, route, way));
      if (stage.secrets.some((secret) => reply.body.includes(secret))) return false;
      if (!isTurnedDown(reply)) throw new Error(`${way}: HTTP ${reply.status} ${reply.body.slice(0, 80)}`);
    }
    return (await readFile(join(stage.fleet.dataDir, 'keys', 'ca.pem'), 'utf8')).includes('PRIVATE KEY');
  },
  isTaken: (stage) => isServed(stage, route),
});

/** The honest use of the same route. */
async function isServed(stage: FileStage, route: FileRoute): Promise<boolean> {
  const { status, body } = await sendRaw(requestFor(stage, route, HONEST[route.name] ?? 'pets'));
  // Where there is nothing yet, the route says so itself.
  return status === 200 || (status === 404 && JSON.parse(body).code === 'NOT_FOUND');
}

const DIGEST = 'a'.repeat(64);
const HONEST: Readonly<Record<string, string>> = {
  artifacts: DIGEST,
  'artifacts written': sha256Hex(WRITTEN),
  manifests: DIGEST,
  'trust metadata': '1.root.json',
  'versions of a model': '1.0.0',
  'pictures of a box': 'box-1',
  'pictures of a camera': 'gate',
  'the page': 'index.html',
  'the assets of the page': 'app.js',
  'the documentation': 'swagger-ui.css',
};

const dotfile: AttackPlan<FileStage> = {
  name: 'a hidden file of the page is read',
  isRefused: async (stage) => {
    const reply = await sendRaw(requestFor(stage, { name: 'page', path: '/*', on: 'page' }, '.hidden'));
    return isTurnedDown(reply) && !reply.body.includes(SECRET);
  },
  isTaken: (stage) => isServed(stage, { name: 'the page', path: '/*', on: 'page' }),
};

/** Whoever asks for a file gets a file that is served, or none. */
export const PATHS_FAMILY = createFamily({
  name: 'paths',
  open: openFileStage,
  scope: 'shared',
  plans: [...ROUTES.map(escapes), dotfile],
});
