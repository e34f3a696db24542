import { PASSWORD } from '../../support/http-world.ts';
import type { AttackPlan } from './attack.ts';
import { type HttpStage, isTurnedDown, type RawReply, sendRaw } from './http-stage.ts';

type Plan = AttackPlan<HttpStage>;
const NAME = 'watchpost_session';

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const call = (
  { port }: HttpStage,
  path: string,
  { method = 'GET', headers, body }: Call = {},
): Promise<RawReply> =>
  sendRaw({
    port,
    method,
    path: `/api/v1/${path}`,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Logs in with a cookie that was there before, as a browser does. @returns the Cookie header of the new session */
async function logIn({ world }: HttpStage, user: string, before?: string): Promise<string> {
  const headers = before === undefined ? {} : { cookie: before };
  const payload = { user, password: PASSWORD };
  const reply = await world.app.inject({ method: 'POST', url: '/api/v1/session', headers, payload });
  const [cookie] = reply.cookies;
  if (cookie === undefined) throw new Error(`no session: HTTP ${reply.statusCode}`);
  return `${cookie.name}=${cookie.value}`;
}

let users = 0;
/** A new viewer: somebody inside, or an account whose password was guessed. */
async function addViewer({ world }: HttpStage): Promise<string> {
  const name = `viewer-${++users}`;
  await world.addUser(name, ['viewer']);
  return name;
}

const userOf = async (stage: HttpStage, cookie: string): Promise<string | undefined> => {
  const { status, body } = await call(stage, 'session', { headers: { cookie } });
  return status === 200 ? (JSON.parse(body) as { readonly user: string }).user : undefined;
};

const isAdminIn = async (stage: HttpStage): Promise<boolean> =>
  (await userOf(stage, await logIn(stage, 'admin'))) === 'admin';

const plantedCookie: Plan = {
  name: 'session fixation: a made-up session is planted before the login',
  isRefused: async (stage) => {
    const planted = `${NAME}=${'a'.repeat(43)}`;
    const fresh = await logIn(stage, 'admin', planted);
    return fresh !== planted && (await userOf(stage, planted)) === undefined;
  },
  isTaken: isAdminIn,
};

const plantedSession: Plan = {
  name: "session fixation: the attacker's own session is planted before the login",
  isRefused: async (stage) => {
    const planted = await logIn(stage, await addViewer(stage));
    const fresh = await logIn(stage, 'admin', planted);
    return fresh !== planted && (await userOf(stage, planted)) !== 'admin';
  },
  isTaken: isAdminIn,
};

const stolenAfterLogout: Plan = {
  name: 'a session cookie is used after its owner logged out',
  isRefused: async (stage) => {
    const cookie = await logIn(stage, 'admin');
    await call(stage, 'session', { method: 'DELETE', headers: { cookie } });
    return (await userOf(stage, cookie)) === undefined;
  },
  isTaken: isAdminIn,
};

const foreignPage = (name: string, headers: Readonly<Record<string, string>>): Plan => ({
  name: `a page of another site changes something ${name}`,
  isRefused: async (stage) => {
    const all = { cookie: stage.cookie, ...headers };
    const reply = await call(stage, 'enrolment-tokens', { method: 'POST', headers: all, body: {} });
    return isTurnedDown(reply) && reply.body.includes('ORIGIN_FOREIGN');
  },
  isTaken: async (stage) => {
    const own = {
      cookie: stage.cookie,
      origin: `http://127.0.0.1:${stage.port}`,
      'sec-fetch-site': 'same-origin',
    };
    const { status } = await call(stage, 'enrolment-tokens', { method: 'POST', headers: own, body: {} });
    return status === 201;
  },
});

/** What only people with more rights may do. */
const ADMIN_WORK: readonly (readonly [path: string, body: unknown])[] = [
  ['users', { name: 'mallory', password: 'a password nobody guesses', roles: ['admin'] }],
  ['api-tokens', { description: 'mine', role: 'admin', ttlDays: 1 }],
  ['enrolment-tokens', {}],
  ['devices/box-1/deployments', { bundleDigest: 'a'.repeat(64) }],
];

const climbs = (
  name: string,
  headersOf: (stage: HttpStage) => Promise<Readonly<Record<string, string>>>,
): Plan => ({
  name: `more rights: ${name}`,
  isRefused: async (stage) => {
    const headers = await headersOf(stage);
    for (const [path, body] of ADMIN_WORK) {
      const { status } = await call(stage, path, { method: 'POST', headers, body });
      if (status !== 401 && status !== 403) return false;
    }
    return true;
  },
  isTaken: async (stage) => {
    const headers = { cookie: stage.cookie };
    return (await call(stage, 'enrolment-tokens', { method: 'POST', headers, body: {} })).status === 201;
  },
});

const makeToken = async (stage: HttpStage, request: object): Promise<string> => {
  const body = { description: 'attack', ttlDays: 1, ...request };
  const reply = await call(stage, 'api-tokens', { method: 'POST', headers: { cookie: stage.cookie }, body });
  if (reply.status !== 201) throw new Error(`no token: HTTP ${reply.status} ${reply.body}`);
  return (JSON.parse(reply.body) as { readonly token: string }).token;
};

const expiredToken: Plan = {
  name: 'an API token is used after it expired',
  isRefused: async (stage) => {
    const token = await makeToken(stage, { role: 'viewer' });
    stage.world.clock.nowMs += 25 * 3_600_000;
    const reply = await call(stage, 'devices', { headers: { authorization: `Bearer ${token}` } });
    stage.world.clock.nowMs -= 25 * 3_600_000;
    return reply.status === 401;
  },
  isTaken: async (stage) => {
    const authorization = `Bearer ${await makeToken(stage, { role: 'viewer' })}`;
    return (await call(stage, 'devices', { headers: { authorization } })).status === 200;
  },
};

const lastUsersToken: Plan = {
  name: 'the session and the API token of a disabled user live on',
  isRefused: async (stage) => {
    const user = await addViewer(stage);
    const cookie = await logIn(stage, user);
    const authorization = `Bearer ${await makeToken(stage, { role: 'viewer', user })}`;
    const change = { method: 'PATCH', headers: { cookie: stage.cookie }, body: { disabled: true } };
    if ((await call(stage, `users/${user}`, change)).status !== 200) throw new Error('not disabled');
    const byToken = await call(stage, 'devices', { headers: { authorization } });
    return (await userOf(stage, cookie)) === undefined && byToken.status === 401;
  },
  isTaken: async (stage) => (await userOf(stage, await logIn(stage, await addViewer(stage)))) !== undefined,
};

export const SESSION_PLANS: readonly Plan[] = [
  plantedCookie,
  plantedSession,
  stolenAfterLogout,
  foreignPage('by its origin', { origin: 'https://evil.example' }),
  foreignPage('without an origin', { 'sec-fetch-site': 'cross-site' }),
  foreignPage('from a page without a name', { origin: 'null' }),
  climbs('a viewer', async (stage) => ({ cookie: await logIn(stage, await addViewer(stage)) })),
  climbs('an API token for viewers that an admin made', async (stage) => ({
    authorization: `Bearer ${await makeToken(stage, { role: 'viewer' })}`,
  })),
  climbs('nobody', async () => ({})),
  climbs('a box', async () => ({ authorization: `Basic ${btoa('box-1:device-secret')}` })),
  expiredToken,
  lastUsersToken,
];
