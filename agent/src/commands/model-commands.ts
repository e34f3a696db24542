import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { RunningModel, SelfTest, SelfTestSettings } from '../inference/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { RunCommand } from './port.ts';

export interface ModelCommandDeps {
  readonly current: () => Pick<RunningModel, 'digest' | 'variant' | 'threads' | 'provider'> | undefined;
  /** The files of a bundle that is on this box. @throws AppError BUNDLE_* | STORE_FAILED */
  readonly load: (digest: string) => Promise<{ readonly manifest: Manifest; readonly folder: string }>;
  readonly selfTest: SelfTest;
  readonly settings: SelfTestSettings;
  /** What the cameras are set to deliver together. */
  readonly framesPerSec: () => number;
}

/** The running model through the self-test of an installation, beside the one that classifies. */
export function createSelfTestCommand(deps: ModelCommandDeps): RunCommand<'selftest'> {
  return async (_args, { signal }) => {
    const { digest } = requireModel(deps);
    const tested = await deps.selfTest(await deps.load(digest), deps.settings, signal);
    const result = { digest, ...tested.findings };
    return tested.kind === 'passed'
      ? { result }
      : { result, failure: { code: tested.code, detail: tested.detail } };
  };
}

/**
 * The pace of the running model as it is run: its variant, its threads, its provider; beside the cameras, so what is
 * left to it.
 */
export function createBenchmark(deps: ModelCommandDeps): RunCommand<'benchmark'> {
  return async (_args, { signal }) => {
    const { digest, variant, threads, provider } = requireModel(deps);
    const { manifest, folder } = await deps.load(digest);
    const variants = manifest.variants.filter(({ name }) => name === variant);
    const asRun = { folder, manifest: { ...manifest, variants } };
    const settings = { ...deps.settings, threads, accelerator: provider ?? 'cpu' };
    const { findings } = await deps.selfTest(asRun, settings, signal);
    const trial = findings.trials.find((it) => it.provider === provider);
    if (trial?.inferMs === undefined)
      throw agentError('SELFTEST_FAILED', trial?.detail ?? `the bundle has no variant ${variant}`);
    const { inferMs, rssBytes } = trial;
    const framesPerSec = Math.round((10 * 1000) / Math.max(inferMs.p50, 0.01)) / 10;
    const neededPerSec = deps.framesPerSec();
    const measured = { inferMs, framesPerSec, neededPerSec, ...(rssBytes !== undefined && { rssBytes }) };
    return { result: { digest, variant, threads, ...measured } };
  };
}

function requireModel({ current }: Pick<ModelCommandDeps, 'current'>) {
  const model = current();
  if (model === undefined) throw agentError('COMMAND_UNAVAILABLE', 'no model runs on this box');
  return model;
}
