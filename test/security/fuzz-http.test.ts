import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { ErrorReply } from '@watchpost/shared/api/fleet.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import fc from 'fast-check';
import { fuzz, jsonText, mutated } from '../support/fuzz.ts';
import { createHttpWorld, DEVICE, DEVICE_AUTHORIZATION, type HttpWorld } from '../support/http-world.ts';
import { fromSchema, type JsonSchema } from '../support/schema-arbitrary.ts';

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}
interface Route {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly body: JsonSchema | undefined;
  readonly isForDevices: boolean;
}
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

const METHODS = ['POST', 'PUT', 'PATCH'] as const;
const parseErrorReply = createParser(ErrorReply, 'reply to an error');

/** Everything that changes something, as the server itself documents it. */
async function listRoutes(): Promise<readonly Route[]> {
  const probe = await createHttpWorld();
  const { paths } = (await probe.app.inject('/docs/json')).json<Document>();
  await probe.close();
  return Object.entries(paths).flatMap(([url, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method.toLowerCase()];
      if (operation === undefined) return [];
      const body = operation.requestBody?.content['application/json']?.schema;
      const isForDevices = operation.security?.some((scheme) => 'device' in scheme) ?? false;
      return [{ method, url, body, isForDevices }];
    }),
  );
}

const routes = await listRoutes();
assert.ok(routes.length > 10, 'the document lists the routes');

let world: HttpWorld;
let cookie = '';
let sent = 0;
const statuses = new Map<number, number>();
before(async () => {
  world = await createHttpWorld();
  await world.addUser('guest', ['viewer']);
  cookie = await world.login();
});
after(() => world.close());

const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(DEVICE, 'gate', 'pets', '1.0.0', 'guest', 'champion', 'a'.repeat(64)),
  },
  { weight: 1, arbitrary: fc.constantFrom('..', '%2e%2e', '__proto__', 'a'.repeat(300), '%', '%00', '%ff') },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 12 }).map(encodeLoosely) },
);
const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'text/plain',
      'application/octet-stream',
      'image/jpeg',
      'application/json; charset=x',
    ),
  },
);

const requests = fc.oneof(
  ...routes.map((route) =>
    fc.record({
      route: fc.constant(route),
      segments: fc.array(segment, { minLength: 4, maxLength: 4 }),
      contentType,
      payload: fc.oneof(
        { weight: 8, arbitrary: jsonText(mutated(fromSchema(route.body ?? {}))) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
      ),
      who: fc.oneof(
        { weight: 8, arbitrary: fc.constant(route.isForDevices ? 'device' : 'user') },
        { weight: 1, arbitrary: fc.constantFrom('user', 'device', 'nobody', 'liar') },
      ),
    }),
  ),
);
type Request = typeof requests extends fc.Arbitrary<infer It> ? It : never;

const CREDENTIALS: Readonly<Record<string, () => Record<string, string>>> = {
  user: () => ({ cookie }),
  device: () => ({ authorization: DEVICE_AUTHORIZATION }),
  nobody: () => ({}),
  liar: () => ({ cookie: 'watchpost_session=x', authorization: 'Basic ::::' }),
};

fuzz('no body makes the server fail, and what it refuses it explains', requests, async (request) => {
  sent += 1;
  if (sent % 500 === 0) cookie = await world.login();
  const reply = await world.app.inject(compose(request));
  statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1);
  assert.ok(reply.statusCode < 500, `${reply.statusCode} ${reply.body}`);
  if (reply.statusCode >= 400) parseErrorReply(reply.json());
});

after(() => {
  const told = [...statuses].sort().map(([status, count]) => `${status}: ${count}`);
  process.stdout.write(`# ${routes.length} routes; replies ${told.join(', ')}\n`);
});

const headerText = fc.oneof(
  fc.tuple(fc.nat(20), fc.nat(20)).map(([first, last]) => `bytes=${first}-${last}`),
  fc.stringMatching(/^[ -~]{0,40}$/),
  fc.stringMatching(/^bytes=\d{0,40}-\d{0,40}(,\d{0,3}-\d{0,3})?$/),
);
const HELD = 'held by the server';
fuzz(
  'no range makes the server fail or send what is not of the file',
  fc.record({ range: headerText, 'if-range': headerText, 'if-none-match': headerText }),
  async (headers) => {
    const sha256 = sha256Hex(HELD);
    if ((await world.blobs.size(sha256)) === undefined) {
      const put = {
        method: 'PUT',
        url: `/api/v1/artifacts/${sha256}`,
        headers: { cookie },
        payload: HELD,
      } as const;
      assert.equal((await world.app.inject(put)).statusCode, 200);
    }
    const reply = await world.app.inject({
      url: `/api/v1/artifacts/${sha256}`,
      headers: { ...headers, cookie },
    });
    assert.ok([200, 206, 304, 416].includes(reply.statusCode), `${reply.statusCode} ${reply.body}`);
    if (reply.statusCode < 300) assert.ok(HELD.includes(reply.body));
    else if (reply.statusCode === 416) parseErrorReply(reply.json());
  },
);

function compose({ route, segments, contentType: type, payload, who }: Request) {
  const left = [...segments];
  const url = route.url.replaceAll(/\{\w+\}/g, () => left.shift() ?? 'x');
  const headers = { 'content-type': type, ...CREDENTIALS[who]?.() };
  return { method: route.method, url, headers, payload };
}

/** As careless clients do it: what is no text in a URL stays away. */
function encodeLoosely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
