import { computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { agentError } from '../kernel/errors.ts';
import { type InferenceProcess, startInferenceProcess } from './child-process.ts';
import type { Classifier, InferenceHost, ModelSpec, Prediction } from './port.ts';

export interface ChildProcessHostDeps {
  readonly log: Logger;
  /** A draw from [0, 1), for the jitter between restarts. */
  readonly random: () => number;
  /** A process that takes longer for one frame hangs, and is killed. */
  readonly classifyLimitMs?: number;
  /** Told the id of each process as its model is loaded. */
  readonly onProcess?: (pid: number) => void;
}

const LOAD_LIMIT_MS = 120_000;
const CLASSIFY_LIMIT_MS = 30_000;
const RELEASE_LIMIT_MS = 3_000;
const RESTART_BACKOFF = { baseMs: 250, maxMs: 30_000 };

/** Models in processes of their own. Two that are started run side by side, until the older is released. */
export function createChildProcessHost(deps: ChildProcessHostDeps): InferenceHost {
  return {
    start: async (spec) => {
      const { child, executionProviders } = await loadInChild(spec, deps);
      return new RestartingClassifier({ spec, child, executionProviders, deps });
    },
  };
}

interface LoadedChild {
  readonly child: InferenceProcess;
  readonly executionProviders: readonly string[];
}

async function loadInChild(spec: ModelSpec, { onProcess }: ChildProcessHostDeps): Promise<LoadedChild> {
  const child = startInferenceProcess();
  try {
    const reply = await child.request({ kind: 'load', spec }, LOAD_LIMIT_MS);
    if (reply.kind !== 'loaded') throw new Error(`load was answered with ${reply.kind}`);
    if (child.pid !== undefined) onProcess?.(child.pid);
    return { child, executionProviders: reply.executionProviders };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

interface Start extends LoadedChild {
  readonly spec: ModelSpec;
  readonly deps: ChildProcessHostDeps;
}

class RestartingClassifier implements Classifier {
  readonly executionProviders: readonly string[];
  readonly #spec: ModelSpec;
  readonly #deps: ChildProcessHostDeps;
  readonly #released = new AbortController();
  #child: InferenceProcess;
  /** Crashes since the last prediction. */
  #crashes = 0;
  #inFlight: Promise<unknown> | undefined;
  #release: Promise<void> | undefined;

  constructor({ spec, child, executionProviders, deps }: Start) {
    this.#spec = spec;
    this.#child = child;
    this.#deps = deps;
    this.executionProviders = executionProviders;
  }

  async classify(rgb: Uint8Array): Promise<Prediction> {
    if (this.#inFlight !== undefined) throw new Error('classify while another frame is being classified');
    const work = this.#classify(rgb);
    this.#inFlight = work;
    try {
      return await work;
    } finally {
      this.#inFlight = undefined;
    }
  }

  async #classify(rgb: Uint8Array): Promise<Prediction> {
    if (this.#child.hasEnded()) await this.#restart();
    const limitMs = this.#deps.classifyLimitMs ?? CLASSIFY_LIMIT_MS;
    const reply = await this.#child.request({ kind: 'classify', rgb }, limitMs);
    if (reply.kind !== 'classified') throw new Error(`classify was answered with ${reply.kind}`);
    this.#crashes = 0;
    return reply.prediction;
  }

  async #restart(): Promise<void> {
    const pauseMs = computeBackoffMs(RESTART_BACKOFF, this.#crashes, this.#deps.random());
    this.#crashes += 1;
    this.#deps.log.warn({ crashes: this.#crashes, pauseMs }, 'inference process ended, starting another');
    await waitMs(pauseMs, this.#released.signal);
    if (this.#released.signal.aborted) throw agentError('INFERENCE_CRASHED', 'the model was released');
    this.#child = (await loadInChild(this.#spec, this.#deps)).child;
  }

  release(): Promise<void> {
    this.#release ??= this.#end();
    return this.#release;
  }

  async #end(): Promise<void> {
    this.#released.abort();
    await this.#inFlight?.catch(() => undefined);
    if (!this.#child.hasEnded()) await this.#sayGoodbye();
    await this.#child.kill();
  }

  async #sayGoodbye(): Promise<void> {
    try {
      await this.#child.request({ kind: 'release' }, RELEASE_LIMIT_MS);
    } catch (error) {
      if (!isAppError(error, 'INFERENCE_CRASHED')) throw error;
      this.#deps.log.warn({ error: describeError(error) }, 'inference process did not end in order');
    }
  }
}
