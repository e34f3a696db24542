import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requireGuard } from '../../fleet-server/src/http/guards.ts';
import { createHttpWorld, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';

/** Every route of the API, as the document made from the registered routes lists it. */
interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  readonly path: string;
  readonly access: string;
}

type Caller = 'nobody' | 'device' | (typeof ROLES)[number];

const ROLES = ['viewer', 'operator', 'qa', 'admin'] as const;
const CALLERS: readonly Caller[] = ['nobody', 'device', ...ROLES];
/** Who may use a route that lets the one named pass. */
const ALLOWED: Readonly<Record<string, readonly Caller[]>> = {
  anyone: CALLERS,
  device: ['device'],
  viewer: ROLES,
  operator: ['operator', 'admin'],
  qa: ['qa', 'admin'],
  admin: ['admin'],
};

let world: HttpWorld;
let routes: readonly ApiRoute[] = [];
before(async () => {
  world = await createHttpWorld();
  // Logging out comes last, so that one session does for every route.
  routes = (await listRoutes()).toSorted((one) =>
    one.method === 'DELETE' && one.path.endsWith('/session') ? 1 : -1,
  );
});
after(() => world.close());

async function listRoutes(): Promise<readonly ApiRoute[]> {
  type Document = { readonly paths: Record<string, Record<string, { readonly 'x-access'?: string }>> };
  const { paths } = (await world.app.inject({ url: '/docs/json' })).json<Document>();
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({
        method: method.toUpperCase() as ApiRoute['method'],
        path,
        access: route['x-access'] ?? 'missing',
      })),
    );
}

const mayPass = (access: string, caller: Caller): boolean =>
  access.split(' or ').some((one) => ALLOWED[one]?.includes(caller) === true);

async function headersOf(caller: Caller): Promise<Record<string, string>> {
  if (caller === 'nobody') return {};
  if (caller === 'device') return { authorization: DEVICE_AUTHORIZATION };
  if (caller !== 'admin') await world.addUser(caller, [caller]);
  return { cookie: await world.login(caller) };
}

test('every route says whom it lets pass, and there are routes for all of them', () => {
  assert.ok(routes.length > 10);
  for (const { method, path, access } of routes)
    for (const part of access.split(' or ')) assert.ok(part in ALLOWED, `${method} ${path}: ${access}`);
  for (const access of ['anyone', 'device', 'viewer', 'operator', 'qa', 'admin', 'viewer or device'])
    assert.ok(
      routes.some((route) => route.access === access),
      access,
    );
});

test('a route of the API without a guard stops the server from starting', () => {
  const handler = () => undefined;
  const onRequest = async () => undefined;
  assert.throws(() => requireGuard({ method: 'GET', url: '/api/v1/new', handler }), /GET .*new has no guard/);
  assert.throws(() => requireGuard({ method: 'GET', url: '/api/v1/new', handler, onRequest }), /no guard/);
  assert.doesNotThrow(() => requireGuard({ method: 'GET', url: '/docs', handler }));
});

test('what changes the fleet is not for viewers, but for what a login needs, and what only asks', () => {
  const open = routes.filter(
    ({ method, access }) => method !== 'GET' && method !== 'HEAD' && mayPass(access, 'viewer'),
  );
  assert.deepEqual(open.map(({ method, path }) => `${method} ${path}`).sort(), [
    'DELETE /api/v1/session',
    'POST /api/v1/device/certificate',
    'POST /api/v1/device/certificate/nonce',
    'POST /api/v1/enrol',
    'POST /api/v1/filters/preview',
    'POST /api/v1/rollouts/plan',
    'POST /api/v1/session',
    'POST /api/v1/users/{name}/password',
  ]);
});

test('people and tokens are for admins, the record for qa and admins', () => {
  const accessTo = (part: string): readonly string[] => [
    ...new Set(
      routes
        .filter(({ path }) => path.startsWith(`/api/v1/${part}`) && !path.endsWith('/password'))
        .map(({ access }) => access),
    ),
  ];
  assert.deepEqual(accessTo('users'), ['admin']);
  assert.deepEqual(accessTo('api-tokens'), ['admin']);
  assert.deepEqual(accessTo('audit'), ['qa']);
});

for (const caller of CALLERS)
  test(`${caller} passes where its role lets it, and nowhere else`, async () => {
    const headers = await headersOf(caller);
    for (const { method, path, access } of routes) {
      // A stream that is let in goes on for ever.
      if (path.endsWith('/live') && mayPass(access, caller)) continue;
      const url = path.replace(/\{[^}]+\}/g, 'x');
      const { statusCode } = await world.app.inject({ method, url, headers });
      const isRefused = statusCode === 401 || statusCode === 403;
      assert.equal(isRefused, !mayPass(access, caller), `${method} ${url} (${access}): ${statusCode}`);
      const isKnownUser = caller !== 'nobody' && caller !== 'device' && access !== 'device';
      if (isRefused) assert.equal(statusCode, isKnownUser ? 403 : 401);
    }
  });
