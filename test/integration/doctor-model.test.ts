import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { digestOf, sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { ModelChoice } from '@watchpost/shared/messages/deployment-findings.ts';
import { inspectModel } from '../../agent/src/cli/doctor-model.ts';
import { parseAgentConfig } from '../../agent/src/config/parse.ts';
import { writeVariants } from '../support/variant-bundle.ts';

let dataDir = '';
let digest = '';
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'watchpost-doctor-model-'));
  const files = join(dataDir, 'files');
  await mkdir(files);
  const { manifest } = await writeVariants(files, { fp16: Buffer.from('not for this box'), int8: {} });
  const listed = manifest.variants.map(async ({ file: path }) => {
    const bytes = await readFile(join(files, path));
    return { path, sha256: sha256Hex(bytes), sizeBytes: bytes.length };
  });
  const whole: Manifest = { ...manifest, files: await Promise.all(listed), golden: [] };
  digest = digestOf(whole);
  const folder = join(dataDir, 'bundles', digest);
  await cp(files, folder, { recursive: true });
  await writeFile(join(folder, 'manifest.json'), canonicalJson(whole));
});
after(() => rm(dataDir, { recursive: true, force: true }));

async function examine(choice: ModelChoice | undefined, ...flags: readonly string[]) {
  const champion = { digest, deploymentId: 'd', ...(choice && { choice }) };
  await writeFile(join(dataDir, 'slots.json'), JSON.stringify({ champion }));
  const config = parseAgentConfig({ flags: [`dataDir=${dataDir}`, ...flags] });
  return inspectModel(config, new AbortController().signal);
}

test('the variant this box runs is tried, not the first one of its bundle', async () => {
  const facts = await examine({ variant: 'int8', threads: 1 });
  assert.ok(facts.kind === 'runs', JSON.stringify(facts));
  assert.deepEqual(facts.providers, ['cpu']);
});

test('where nothing was chosen, what the box runs then is tried', async () => {
  assert.equal((await examine(undefined)).kind, 'fails');
});

test('a variant that is not in the bundle is told', async () => {
  const facts = await examine({ variant: 'int4', threads: 1 });
  assert.ok(facts.kind === 'fails');
  assert.match(facts.detail, /has no variant int4/);
});
