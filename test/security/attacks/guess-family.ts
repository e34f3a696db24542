import { createHttpWorld, type HttpWorld, PASSWORD } from '../../support/http-world.ts';
import { type AttackPlan, createFamily } from './attack.ts';

type Plan = AttackPlan<HttpWorld>;
const HOUR_MS = 3_600_000;
/** Guesses an hour that hurt nobody: a token has 2^192 values, a password of the policy is not among the first hundred. */
const HARMLESS = 100;

interface Guess {
  readonly url: string;
  readonly payload?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

/** As fast as the server lets it. @returns how many guesses got another answer in an hour than to wait */
async function guessForAnHour({ app, clock }: HttpWorld, next: (turn: number) => Guess): Promise<number> {
  const endMs = clock.nowMs + HOUR_MS;
  let judged = 0;
  for (let turn = 0; clock.nowMs < endMs && judged <= HARMLESS; turn += 1) {
    const guess = next(turn);
    const reply = await app.inject({ method: guess.payload === undefined ? 'GET' : 'POST', ...guess });
    if (reply.statusCode === 200) throw new Error('guessed it');
    if (reply.statusCode === 429) clock.nowMs += Number(reply.headers['retry-after']) * 1000;
    else judged += 1;
  }
  return judged;
}

const guesses = (
  name: string,
  next: (turn: number) => Guess,
  right: (world: HttpWorld) => Promise<Guess>,
): Plan => ({
  name: `brute force: ${name}`,
  isRefused: async (world) => (await guessForAnHour(world, next)) <= HARMLESS,
  isTaken: async (world) => {
    const guess = await right(world);
    const reply = await world.app.inject({ method: guess.payload === undefined ? 'GET' : 'POST', ...guess });
    return reply.statusCode === 200;
  },
});

const SESSION = '/api/v1/session';
const rightPassword = async (): Promise<Guess> => ({
  url: SESSION,
  payload: { user: 'admin', password: PASSWORD },
});
const addressOf = (turn: number): string => `10.0.${(turn >> 8) & 255}.${turn & 255}`;
const bearer = (token: string) => ({ url: '/api/v1/devices', headers: { authorization: `Bearer ${token}` } });
const enrolment = (token: string) => ({
  url: '/api/v1/enrol',
  payload: {
    token,
    deviceId: 'box-9',
    csr: 'x'.repeat(100),
    proof: 'A'.repeat(90),
    secretSha256: 'a'.repeat(64),
    agentVersion: '0.1.0',
    hardware: { board: 'b', cpu: 'c', cores: 1, memoryBytes: 1, os: 'o', arch: 'x64', gpu: [] },
  },
});

async function makeToken(world: HttpWorld): Promise<string> {
  const payload = { description: 'mine', role: 'viewer', ttlDays: 1 };
  const headers = { cookie: await world.login() };
  const reply = await world.app.inject({ method: 'POST', url: '/api/v1/api-tokens', headers, payload });
  return reply.json<{ readonly token: string }>().token;
}

/** Whoever guesses is slowed down, and whoever knows gets in. */
export const GUESS_FAMILY = createFamily({
  name: 'guessing',
  open: createHttpWorld,
  scope: 'fresh',
  plans: [
    guesses(
      'the password of one user',
      (turn) => ({ url: SESSION, payload: { user: 'admin', password: `guess ${turn}` } }),
      rightPassword,
    ),
    guesses(
      'the password of one user, from a thousand addresses',
      (turn) => ({
        url: SESSION,
        payload: { user: 'admin', password: `guess ${turn}` },
        remoteAddress: addressOf(turn),
      }),
      rightPassword,
    ),
    guesses(
      'one password for a thousand users',
      (turn) => ({ url: SESSION, payload: { user: `user-${turn}`, password: 'summer 2026' } }),
      rightPassword,
    ),
    guesses(
      'API tokens',
      (turn) => bearer(`wrong-token-${turn}`.padEnd(43, 'x')),
      async (world) => bearer(await makeToken(world)),
    ),
    guesses(
      'enrolment tokens',
      (turn) => enrolment(`guess-${turn}`.padEnd(32, 'x')),
      async () => enrolment('a-token-of-the-fake'),
    ),
  ],
});
