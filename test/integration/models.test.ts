import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../../shared/src/kernel/digest.ts';
import { createHttpWorld, type HttpWorld } from '../support/http-world.ts';
import { type TinyBundle, tinyBundle } from '../support/tiny-bundle.ts';

const REPORT = { decision: 'approve', report: 'Watched it for a day; it names cats.' };
let world: HttpWorld;
const cookies = new Map<string, string>();
before(async () => {
  world = await createHttpWorld();
  await world.addUser('anna', ['operator', 'qa']);
  await world.addUser('quality', ['qa']);
  await world.addUser('guest', ['viewer']);
  for (const user of ['admin', 'anna', 'quality', 'guest']) cookies.set(user, await world.login(user));
});
after(() => world.close());

async function call(user: string, path: string, payload?: object) {
  const headers = { cookie: cookies.get(user) ?? '' };
  const method = payload === undefined ? 'GET' : 'POST';
  const reply = await world.app.inject({
    method,
    url: `/api/v1/${path}`,
    headers,
    ...(payload && { payload }),
  });
  return { status: reply.statusCode, body: reply.json() };
}

async function push(user: string, { manifest, model }: TinyBundle) {
  await world.blobs.put(sha256Hex(model), Readable.from([Buffer.from(model)]));
  return call(user, 'bundles', { manifest });
}

/** @returns the address of the version */
async function pushValidated(model: string, change: Partial<TinyBundle['manifest']> = {}): Promise<string> {
  assert.equal((await push('anna', tinyBundle({ model, ...change }))).status, 200);
  const path = `models/${model}/versions/${encodeURIComponent(change.version ?? '1.0.0')}`;
  assert.equal((await call('anna', `${path}/validate`, {})).body.state, 'validated');
  return path;
}

test('a version goes from draft to withdrawn, and everybody who did something is named', async () => {
  const path = await pushValidated('life', { version: '1.0.0+abc' });
  assert.equal((await call('quality', `${path}/certify`, REPORT)).body.state, 'certified');
  world.clock.nowMs += 5;
  const released = await call('anna', `${path}/release`, { reason: 'spring' });
  assert.equal(released.body.state, 'released');
  assert.equal(released.body.releasedAtMs, world.clock.nowMs);
  const withdrawn = (await call('anna', `${path}/withdraw`, { reason: 'sees ghosts' })).body;
  assert.deepEqual(
    withdrawn.transitions.map((it: { to: string; by: string; reason: string }) => [it.to, it.by, it.reason]),
    [
      ['validated', 'validation', 'every check passed'],
      ['certified', 'quality', REPORT.report],
      ['released', 'anna', 'spring'],
      ['withdrawn', 'anna', 'sees ghosts'],
    ],
  );
  assert.equal(withdrawn.author, 'anna');
  const entries = await world.audit.list({ afterSeq: 0, limit: 1000 });
  const ours = entries.filter(({ subject }) => subject === 'life@1.0.0+abc');
  const told = [...new Set(ours.map(({ action, actor }) => `${action} by ${actor.id}`))];
  assert.deepEqual(told, [
    'model.pushed by anna',
    'model.validated by validation',
    'model.certified by quality',
    'model.released by anna',
    'model.withdrawn by anna',
  ]);
});

test('nobody certifies what they pushed, and nobody without the role qa', async () => {
  const path = await pushValidated('own');
  assert.equal((await call('anna', `${path}/certify`, REPORT)).body.code, 'CERTIFIER_IS_AUTHOR');
  assert.equal((await call('guest', `${path}/certify`, REPORT)).status, 403);
  assert.equal((await call('quality', `${path}/certify`, { decision: 'approve', report: '' })).status, 400);
  assert.equal((await call('quality', path)).body.state, 'validated');
  assert.equal((await call('quality', `${path}/release`, {})).status, 403);
});

test('a rejected version stays what it was, with the report', async () => {
  const path = await pushValidated('rejected');
  const { body } = await call('quality', `${path}/certify`, { decision: 'reject', report: 'no' });
  assert.equal(body.state, 'validated');
  assert.deepEqual(body.certifications, [
    { decision: 'reject', report: 'no', by: 'quality', atMs: world.clock.nowMs },
  ]);
});

test('steps that the lifecycle does not know are refused', async () => {
  const path = await pushValidated('steps');
  for (const verb of ['release', 'withdraw'])
    assert.equal((await call('anna', `${path}/${verb}`, {})).body.code, 'VERSION_STATE');
  assert.equal((await call('anna', `${path}/archive`, {})).body.state, 'archived');
  assert.equal((await call('quality', `${path}/certify`, REPORT)).body.code, 'VERSION_STATE');
  assert.equal((await call('anna', 'models/steps/versions/9/release', {})).body.code, 'NOT_FOUND');
});

test('a version whose lineage or graph is unsound stays a draft, and says why', async () => {
  await push('anna', tinyBundle({ model: 'unsound', lineage: { codeCommit: 'latest' } }));
  const { body } = await call('anna', 'models/unsound/versions/1.0.0/validate', {});
  assert.equal(body.state, 'draft');
  const [lineage] = body.validation.checks;
  assert.deepEqual([lineage.name, lineage.passed], ['lineage', false]);
  assert.deepEqual(body.validation.warnings, ['the bundle has no model card']);
});

test('a model with weights outside its bundle is never loaded', async () => {
  const external = tinyBundle({ model: 'external' }, { weightsAt: '../../etc/passwd' });
  await push('anna', external);
  const { body } = await call('anna', 'models/external/versions/1.0.0/validate', {});
  assert.equal(body.state, 'draft');
  assert.deepEqual(body.validation.variants, []);
  const failed = body.validation.checks.filter(({ passed }: { passed: boolean }) => !passed);
  assert.match(failed[0]?.detail, /etc\/passwd" lie outside the bundle/);
});

test('aliases move, and where they pointed is kept', async () => {
  await pushValidated('alias', { version: '1.0.0' });
  await pushValidated('alias', { version: '2.0.0' });
  for (const version of ['1.0.0', '2.0.0', '2.0.0', undefined])
    await call('anna', 'models/alias/aliases/champion', { version });
  const { body } = await call('guest', 'models/alias');
  assert.deepEqual(
    body.aliasHistory.map((it: { from?: string; to?: string }) => [it.from, it.to]),
    [
      [undefined, '1.0.0'],
      ['1.0.0', '2.0.0'],
      ['2.0.0', undefined],
    ],
  );
  await call('anna', 'models/alias/aliases/challenger', { version: '1.0.0' });
  const { body: shown } = await call('guest', 'models/alias/versions/1.0.0');
  assert.deepEqual(shown.aliases, ['challenger']);
  assert.equal((await call('anna', 'models/alias/aliases/best', { version: '1.0.0' })).status, 400);
  assert.equal((await call('anna', 'models/alias/aliases/champion', { version: '7' })).status, 404);
});

test('versions are found by name, label and lineage', async () => {
  await pushValidated('findable', { lineage: { dataVersion: 'Montjuic-2026' } });
  for (const search of ['findable', 'montjuic blue', 'FINDABLE@1.0.0']) {
    const { body } = await call('guest', `models?search=${encodeURIComponent(search)}`);
    assert.deepEqual(
      body.versions.map(({ model }: { model: string }) => model),
      ['findable'],
      search,
    );
  }
  assert.deepEqual((await call('guest', 'models?search=zebra')).body.versions, []);
});

test('what ran on a device nobody enrolled is not known', async () => {
  assert.equal((await call('guest', 'devices/box-9/as-of?time=5')).body.code, 'NOT_FOUND');
});
