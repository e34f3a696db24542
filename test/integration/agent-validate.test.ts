import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ValidationReport } from '@watchpost/shared/bundle/validation-report.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { runValidate } from '../../agent/src/cli/validate.ts';
import { tinyBundle, writeTinyBundle } from '../support/tiny-bundle.ts';

const parseReport = createJsonParser(ValidationReport, 'validation report');
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchpost-validate-test-'));
});
after(() => rm(folder, { recursive: true }));

async function validate(bundle: string) {
  const out: string[] = [];
  const code = await runValidate(['--bundle', bundle, '--json'], { write: (text: string) => out.push(text) });
  return { code, report: parseReport(out.join('')) };
}
const failedOf = ({ checks }: ValidationReport) => checks.filter(({ passed }) => !passed);

test('a sound bundle passes, with latency and the memory of its process', async () => {
  const { code, report } = await validate(await writeTinyBundle(join(folder, 'sound'), tinyBundle()));
  assert.equal(code, 0);
  assert.ok(report.passed);
  const [variant] = report.variants;
  assert.equal(variant?.name, 'fp32');
  assert.ok((variant?.peakMemoryBytes ?? 0) > 10e6);
  assert.ok((variant?.latencyP95Ms ?? 0) >= (variant?.latencyP50Ms ?? 1));
});

for (const [what, bundle, check, detail] of [
  ['NaN outputs', tinyBundle({}, { factor: Number.NaN }), 'fp32: loads', /MODEL_OUTPUT_INVALID/],
  ['another input size', tinyBundle({}, { width: 8 }), 'fp32: loads', /MODEL_MISMATCH/],
  [
    'a label too few',
    tinyBundle({
      output: { name: 'output', activation: 'probabilities', labels: ['a', 'b'], temperature: 1 },
    }),
    'fp32: loads',
    /LABELS_MISMATCH/,
  ],
] as const)
  test(`${what} is found and named`, async () => {
    const { code, report } = await validate(await writeTinyBundle(join(folder, what), bundle));
    assert.equal(code, 1);
    assert.deepEqual(
      failedOf(report).map(({ name }) => name),
      [check],
    );
    assert.match(failedOf(report)[0]?.detail ?? '', detail);
  });

test('a file that is not as listed fails before anything of it is run', async () => {
  const bundle = await writeTinyBundle(join(folder, 'changed'), tinyBundle());
  await appendFile(join(bundle, 'model.onnx'), 'x');
  const { report } = await validate(bundle);
  assert.deepEqual(
    failedOf(report).map(({ name }) => name),
    ['files'],
  );
  assert.deepEqual(report.variants, []);
});

test('a folder that is no bundle does not pass, and no folder at all is wrong usage', async () => {
  const { code, report } = await validate(join(folder, 'nothing'));
  assert.equal(code, 1);
  assert.match(report.checks[0]?.detail ?? '', /BUNDLE_FILE_MISSING/);
  await assert.rejects(runValidate([], process.stdout), { code: 'USAGE_INVALID' });
});
