import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createHttpMetadata } from '../../agent/src/download/http-metadata.ts';
import { createSqliteTrustMarks } from '../../agent/src/trust/sqlite-trust-marks.ts';
import { createTufTrust, loadBootstrapRoot } from '../../agent/src/trust/tuf-trust.ts';
import type { TrustView } from '../../shared/src/api/trust.ts';
import { canonicalJson } from '../../shared/src/kernel/canonical-json.ts';
import { digestOf } from '../../shared/src/kernel/digest.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { nameDirectorKey } from '../../shared/src/trust/director-target.ts';
import { fleetctl } from '../support/fleetctl.ts';
import { createHttpWorld, DIRECTOR_KEY, type HttpWorld, PASSWORD } from '../support/http-world.ts';
import { tinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts';
import { orderOf } from '../support/tuf-world.ts';

const BUNDLE = tinyBundle({ model: 'pets' });
const { manifest: MANIFEST } = BUNDLE;
const DIGEST = digestOf(MANIFEST);
const FACTS = {
  target: `models/${MANIFEST.model}/${MANIFEST.version}`,
  sha256: DIGEST,
  lengthBytes: Buffer.byteLength(canonicalJson(MANIFEST)),
  releaseCounter: MANIFEST.releaseCounter,
};

let world: HttpWorld;
let folder = '';
let server = '';
before(async () => {
  world = await createHttpWorld();
  world.clock.nowMs = Date.now();
  await world.addUser('quality', ['qa']);
  folder = await mkdtemp(join(tmpdir(), 'watchpost-ceremony-'));
  await writeFile(join(folder, 'password'), PASSWORD);
  server = await world.app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const run = async (...args: readonly string[]): Promise<string> => {
  const env = { WATCHPOST_SERVER: server, WATCHPOST_PASSWORD_FILE: at('password') };
  const { status, out, error } = await fleetctl(args, env);
  if (status !== 0) throw new Error(error);
  return out;
};

async function listOnlineKeys(): Promise<readonly string[]> {
  const { roles } = JSON.parse(await run('keys', 'list', '--json')) as TrustView;
  const online = roles.filter(({ role }) => role === 'snapshot' || role === 'timestamp');
  return online.flatMap(({ keys }) => keys.map(({ keyId }) => keyId));
}

/** What a box says of the bundle, with the root file it was given. */
async function judge(rootFile: string): Promise<void> {
  const dataDir = at('box');
  const trust = createTufTrust({
    dataDir,
    bootstrapRoot: await loadBootstrapRoot(rootFile),
    source: createHttpMetadata({ serverUrl: server, authorization: '' }),
    marks: createSqliteTrustMarks({ path: join(dataDir, 'trust.sqlite'), log: silentLogger }),
    clock: { wallMs: () => world.clock.nowMs },
  });
  await trust.verify(orderOf(FACTS), AbortSignal.timeout(20_000));
}

// The tests of this file are one ceremony: each goes on where the one before it ended.

test('two people begin the trust of a fleet: nothing is published before both have signed', async () => {
  for (const name of ['ben-root', 'ben-targets']) await run('keys', 'new', '--out', at(name));
  const text = await run(
    ...['keys', 'init', '--out', at('ana'), '--root-keys', '1', '--root-pub', at('ben-root.pub')],
    ...['--targets-keys', '1', '--targets-pub', at('ben-targets.pub')],
  );
  assert.match(text, /root 1 waits: 1 of 2 signatures/);
  assert.equal((await stat(at('ana/root-1.key'))).mode & 0o777, 0o600);
  assert.match(await run('keys', 'list'), /root +0 +- +0 of 0/);
  await assert.rejects(run('keys', 'root', '--out', at('1.root.json')), /NOT_FOUND/);
  assert.match(await run('sign', 'root', '--key', at('ben-root.key')), /root: 2 of 2 keys must sign/);
  const done = await run('sign', 'targets', '--key', at('ben-targets.key'));
  assert.match(done, /published: root, targets, models, agent/);
  await run('keys', 'root', '--out', at('1.root.json'));
  assert.match(await run('keys', 'list'), /targets +1 .* 2 of 2/);
});

test('a release waits for the signature of models: the box takes it then, and not before', async () => {
  await run('model', 'push', await writeTinyBundle(at('bundle'), BUNDLE));
  await run('model', 'validate', 'pets@1.0.0');
  await assert.rejects(
    run('target', 'add', DIGEST),
    /is validated, and only what is released.*VERSION_STATE/,
  );
  const certify = ['model', 'certify', 'pets@1.0.0', '--decision', 'approve', '--user', 'quality'];
  await run(...certify, '--report', at('password'));
  assert.match(await run('keys', 'list'), /nothing waits/);
  await run('model', 'release', 'pets@1.0.0');
  assert.match(await run('keys', 'list'), /models 2 waits: 0 of 1 signatures/);
  assert.match(await run('target', 'add', DIGEST), /models 2 waits: 0 of 1 signatures/);
  await assert.rejects(judge(at('1.root.json')), { code: 'TARGET_UNKNOWN' });
  const shown = await run('sign', 'models', '--show');
  assert.match(shown, new RegExp(`adds ${FACTS.target}: sha256 ${DIGEST}, \\d+ bytes, release counter 1`));
  assert.match(await run('sign', 'models', '--key', at('ana/models-1.key')), /published: models/);
  await judge(at('1.root.json'));
});

test('a foreign key signs nothing', async () => {
  await run('keys', 'new', '--out', at('eve'));
  await assert.rejects(
    run('sign', 'models', '--renew', '--key', at('eve.key')),
    /may not sign.*\[TRUST_REFUSED\]/,
  );
  assert.match(await run('sign', 'models', '--key', at('ana/models-1.key')), /published: models/);
  await assert.rejects(run('sign', 'models', '--key', at('ana/models-1.key')), /nothing is staged.*USAGE/);
});

test('a root key is replaced: the new root is signed by the old keys and the new ones', async () => {
  await run('keys', 'new', '--out', at('cleo-root'));
  const staged = await run(
    ...['keys', 'rotate', 'root', '--old', at('ana/root-1.pub'), '--new', at('cleo-root.pub')],
  );
  assert.match(staged, /0 of 2 own, 0 of 2 previous/);
  await run('sign', 'root', '--key', at('ben-root.key'));
  assert.match(await run('sign', 'root', '--key', at('cleo-root.key')), /2 of 2 own, 1 of 2 previous/);
  assert.match(await run('sign', 'root', '--key', at('ana/root-1.key')), /published: root/);
  await judge(at('1.root.json'));
});

test('a key is added to models, and the online keys are replaced', async () => {
  await run('keys', 'new', '--out', at('dora'));
  await run('keys', 'add', 'models', at('dora.pub'));
  const both = ['--key', at('ana/targets-1.key'), '--key', at('ben-targets.key')];
  assert.match(await run('sign', 'targets', ...both), /models: key \w+ may sign[\s\S]*published: targets/);
  const first = await run('sign', 'models', '--renew', '--key', at('dora.key'));
  assert.match(first, /first version[\s\S]*adds models\/pets[\s\S]*published: models/, 'she signs all of it');
  const before = await listOnlineKeys();
  await run('keys', 'rotate', 'snapshot');
  await run('keys', 'rotate', 'timestamp');
  await run('sign', 'root', '--key', at('ben-root.key'), '--key', at('cleo-root.key'));
  assert.match(await run('keys', 'list'), /root +3 /);
  const kept = (await listOnlineKeys()).filter((key) => before.includes(key));
  assert.deepEqual(kept, [], 'the second change is made beside the first, which nobody had signed yet');
  await judge(at('1.root.json'));
});

test('a version that is withdrawn is no longer installed, once models is signed', async () => {
  assert.match(await run('target', 'remove', FACTS.target), /models \d+ waits/);
  await run('target', 'add', DIGEST);
  await run('model', 'withdraw', 'pets@1.0.0');
  await assert.rejects(run('target', 'add', DIGEST), /VERSION_STATE/);
  assert.match(await run('sign', 'models', '--key', at('dora.key')), /removes models\/pets\/1\.0\.0/);
  await assert.rejects(judge(at('1.root.json')), { code: 'TARGET_UNKNOWN' });
});

test('the list of the keys that give orders is signed by the people of targets', async () => {
  const keyId = nameDirectorKey(DIRECTOR_KEY);
  assert.match(await run('director', 'announce'), /targets 3 waits: 0 of 2 signatures/);
  assert.match(await run('keys', 'add', 'agent', at('dora.pub')), /targets 3 waits: 0 of 2 signatures/);
  const first = await run('sign', 'targets', '--key', at('ana/targets-1.key'));
  assert.match(first, /agent: key \w+ may sign/);
  assert.match(first, new RegExp(`director: key ${keyId} may give orders to boxes`));
  const second = await run('sign', 'targets', '--key', at('ben-targets.key'));
  assert.match(second, /published: targets/);
  assert.match(await run('director', 'announce'), /nothing waits for signatures/);
});

test('metadata need no login, and nothing but metadata is served', async () => {
  const reply = await fetch(`${server}/api/v1/tuf/timestamp.json`);
  assert.equal(reply.headers.get('cache-control'), 'no-cache');
  assert.equal(((await reply.json()) as { signed: { _type: string } }).signed._type, 'timestamp');
  const root = await fetch(`${server}/api/v1/tuf/1.root.json`);
  assert.equal(await root.text(), await readFile(at('1.root.json'), 'utf8'));
  for (const name of ['9.root.json', '..%2f..%2fpassword', 'online.json', 'root.json'])
    assert.ok([400, 404].includes((await fetch(`${server}/api/v1/tuf/${name}`)).status), name);
  const posts = ['staged', 'signatures', 'targets', 'director', 'online-keys'].map((name) => `trust/${name}`);
  for (const path of ['trust', ...posts]) {
    const method = path === 'trust' ? 'GET' : 'POST';
    assert.equal((await fetch(`${server}/api/v1/${path}`, { method })).status, 401, path);
  }
});

test('every step of a ceremony is in the audit log', async () => {
  const entries = await world.audit.list({ afterSeq: 0, limit: 500 });
  const actions = new Set(entries.map(({ action }) => action));
  const targets = ['target.added', 'target.removed', 'director.announced'];
  for (const action of ['trust.staged', 'trust.signed', ...targets, 'online-key.made'])
    assert.ok(actions.has(action), action);
});
