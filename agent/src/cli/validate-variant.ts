import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, Variant } from '@watchpost/shared/bundle/manifest.ts';
import type { MeasuredVariant, ValidationCheck } from '@watchpost/shared/bundle/validation-report.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { checkGoldenFrames } from '../inference/golden.ts';
import type { Classifier } from '../inference/port.ts';

export interface MeasureJob {
  readonly manifest: Manifest;
  readonly variant: Variant;
  /** Holds the files of the manifest. */
  readonly folder: string;
}

export interface MeasureResult {
  readonly checks: readonly ValidationCheck[];
  /** Absent when the variant could not be run. */
  readonly measured?: MeasuredVariant;
}

/** Runs behind a latency. */
const RUNS = 30;
/** As on a box: the defaults of `inference.threads` and `inference.spinning`. */
const THREADS = 1;

/**
 * Loads one variant in the process a box would load it in, which checks its input, output and labels; then golden
 * frames, and pictures of every kind, whose results must be finite.
 */
export async function measureVariant(job: MeasureJob): Promise<MeasureResult> {
  const checks: ValidationCheck[] = [];
  let pid: number | undefined;
  const host = createChildProcessHost({
    log: silentLogger,
    random: () => 0,
    onProcess: (id) => {
      pid = id;
    },
  });
  let classifier: Classifier | undefined;
  let doing = 'loads';
  try {
    classifier = await host.start(composeSpec(job));
    checks.push({ name: doing, passed: true, detail: describeInterface(job.manifest) });
    doing = 'golden frames';
    checks.push({ name: doing, ...(await compareGolden(classifier, job)) });
    doing = 'finite outputs';
    const latencies = await runAll(classifier, job.manifest);
    checks.push({ name: doing, passed: true, detail: `${latencies.length} runs` });
    const peakMemoryBytes = pid === undefined ? undefined : await readPeakMemory(pid);
    const measured = describeRuns({ job, classifier, latencies });
    return { checks, measured: { ...measured, ...(peakMemoryBytes !== undefined && { peakMemoryBytes }) } };
  } catch (error) {
    if (!isAppError(error)) throw error;
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return { checks: [...checks, { name: doing, passed: false, detail: `${describeError(error)}${cause}` }] };
  } finally {
    await classifier?.release();
  }
}

const composeSpec = ({ manifest, variant, folder }: MeasureJob) => ({
  path: join(folder, variant.file),
  runtime: variant.runtime,
  input: manifest.input,
  preprocess: manifest.preprocess,
  output: manifest.output,
  threads: THREADS,
  spinning: false,
});

function describeInterface({ input, output }: Manifest): string {
  return `${input.name} ${input.dtype} ${input.layout} ${input.width}x${input.height}, ${output.labels.length} labels`;
}

async function compareGolden(classifier: Classifier, { manifest, folder }: MeasureJob) {
  if (manifest.golden.length === 0) return { passed: true, detail: 'the bundle has none' };
  const outcome = await checkGoldenFrames(classifier, manifest, folder);
  if (outcome.kind === 'passed')
    return { passed: true, detail: `${manifest.golden.length} frames as expected` };
  const [expected, found] = [outcome.expected, outcome.found].map((values) =>
    values.map((value) => value.toFixed(3)).join(' '),
  );
  return { passed: false, detail: `${outcome.file} gives ${found}, expected ${expected}` };
}

/** Black, grey and white pictures and stripes in turn: where a model divides by a spread of zero, it shows. */
async function runAll(classifier: Classifier, { input }: Manifest): Promise<readonly number[]> {
  const bytes = input.width * input.height * 3;
  const pictures = [
    new Uint8Array(bytes),
    new Uint8Array(bytes).fill(128),
    new Uint8Array(bytes).fill(255),
    Uint8Array.from({ length: bytes }, (_, index) => (index * 97) % 256),
  ];
  const latencies: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const picture = pictures[run % pictures.length];
    if (picture !== undefined) latencies.push((await classifier.classify(picture)).inferMs);
  }
  return latencies;
}

interface Runs {
  readonly job: MeasureJob;
  readonly classifier: Classifier;
  readonly latencies: readonly number[];
}

function describeRuns({ job: { variant }, classifier, latencies }: Runs): MeasuredVariant {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (ratio01: number): number =>
    Math.round((sorted[Math.ceil(sorted.length * ratio01) - 1] ?? 0) * 100) / 100;
  return {
    name: variant.name,
    runtime: variant.runtime,
    executionProviders: [...classifier.executionProviders],
    runs: latencies.length,
    latencyP50Ms: at(0.5),
    latencyP95Ms: at(0.95),
  };
}

/** High-water mark of the resident memory, as Linux keeps it. */
async function readPeakMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
