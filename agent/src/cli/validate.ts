import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type {
  MeasuredVariant,
  ValidationCheck,
  ValidationReport,
} from '@watchpost/shared/bundle/validation-report.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { agentError } from '../kernel/errors.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { loadManifest } from '../update/bundle-folder.ts';
import { isSound } from '../update/object-files.ts';
import { type MeasureResult, measureVariant } from './validate-variant.ts';

const HELP = `watchpost-agent validate: loads every variant of a bundle as "run" does, and tells whether a
box may trust it: files, golden frames, latency and memory.

  watchpost-agent validate --bundle DIR [--json]

  --bundle DIR  folder with manifest.json and the files it lists
  --json        the report as one JSON document

Exit code: 0 passed, 1 did not, 2 wrong use.
`;

interface Output {
  write(text: string): unknown;
}

/**
 * `watchpost-agent validate`: whether a box may trust a bundle.
 * @returns the exit code: 0 passed, 1 did not
 */
export async function runValidate(argv: readonly string[], out: Output): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      bundle: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    out.write(HELP);
    return 0;
  }
  if (values.bundle === undefined) throw agentError('USAGE_INVALID', '--bundle is missing');
  const report = await validateBundle(resolve(values.bundle));
  out.write(values.json ? `${JSON.stringify(report)}\n` : describeReport(report));
  return report.passed ? 0 : 1;
}

/** The bundle is copied file by file first, as the update does it: what the manifest does not list is not there. */
async function validateBundle(folder: string): Promise<ValidationReport> {
  const checks: ValidationCheck[] = [];
  const variants: MeasuredVariant[] = [];
  const copy = await mkdtemp(join(tmpdir(), 'watchpost-validate-'));
  try {
    const manifest = await attempt(checks, 'manifest', async () => {
      const found = await loadManifest(folder);
      return { value: found, detail: `${found.model}@${found.version}` };
    });
    const isCopied =
      manifest !== undefined && (await attempt(checks, 'files', () => copyFiles(manifest, folder, copy)));
    if (isCopied !== undefined && manifest !== undefined)
      for (const variant of manifest.variants) {
        const result = await measureVariant({ manifest, variant, folder: copy });
        checks.push(...checksOf(variant.name, result));
        if (result.measured !== undefined) variants.push(result.measured);
      }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  return { passed: checks.every(({ passed }) => passed), agentVersion: AGENT_VERSION, checks, variants };
}

/** A coded error is an answer; any other is a bug. */
async function attempt<T>(
  checks: ValidationCheck[],
  name: string,
  work: () => Promise<{ readonly value: T; readonly detail: string }>,
): Promise<T | undefined> {
  try {
    const { value, detail } = await work();
    checks.push({ name, passed: true, detail });
    return value;
  } catch (error) {
    if (!isAppError(error)) throw error;
    checks.push({ name, passed: false, detail: describeError(error) });
    return undefined;
  }
}

async function copyFiles(manifest: Manifest, from: string, to: string) {
  for (const file of manifest.files) {
    const path = join(to, file.path);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(join(from, file.path), path).catch((cause: unknown) => {
      throw agentError('BUNDLE_FILE_MISSING', `${from} lacks ${file.path}`, { cause });
    });
    if (!(await isSound(path, file)))
      throw agentError('BUNDLE_DIGEST_MISMATCH', `${file.path} in ${from} has another digest`);
  }
  return { value: true, detail: `${manifest.files.length} files as listed` };
}

const checksOf = (variant: string, { checks }: MeasureResult): readonly ValidationCheck[] =>
  checks.map((check) => ({ ...check, name: `${variant}: ${check.name}` }));

function describeReport({ passed, checks, variants }: ValidationReport): string {
  const lines = checks.map((check) => `${check.passed ? 'ok    ' : 'FAILED'} ${check.name}: ${check.detail}`);
  const measured = variants.map(
    ({ name, latencyP50Ms, latencyP95Ms, peakMemoryBytes = 0 }) =>
      `${name}: p50 ${latencyP50Ms} ms, p95 ${latencyP95Ms} ms, peak ${(peakMemoryBytes / 1e6).toFixed(0)} MB`,
  );
  return `${[...lines, ...measured, passed ? 'passed' : 'did not pass'].join('\n')}\n`;
}
