import { computeBackoffMs } from '@watchpost/shared/kernel/backoff.ts';
import { type AppError, describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { AgentErrorCode } from '../kernel/errors.ts';
import { readProcessMemory } from '../kernel/proc-memory.ts';
import { type InferenceProcess, startInferenceProcess } from './child-process.ts';
import { setGraphsAside } from './graph-files.ts';
import type {
  ChildRestart,
  HostedClassifier,
  InferenceHost,
  ModelSpec,
  Prediction,
  ProviderProbe,
  ProviderSetback,
} from './port.ts';
import { settleWithin } from './settle-within.ts';

export interface ChildProcessHostDeps {
  readonly log: Logger;
  /** A draw from [0, 1), for the jitter between restarts. */
  readonly random: () => number;
  /** A process that holds more is ended and started again. Without it, none is. */
  readonly maxMemoryBytes?: number;
  readonly limits?: Partial<HostLimits>;
  readonly onRestart?: (restart: ChildRestart) => void;
}

/** A process that takes longer hangs, or was stopped, and is killed. */
export interface HostLimits {
  readonly loadMs: number;
  readonly classifyMs: number;
  readonly releaseMs: number;
  readonly memoryIntervalMs: number;
}

const LIMITS: HostLimits = { loadMs: 120_000, classifyMs: 8_000, releaseMs: 3_000, memoryIntervalMs: 1_000 };
/** From the second crash in a row on. Short enough that frames flow again soon after what made it crash is over. */
const RESTART_BACKOFF = { baseMs: 250, maxMs: 10_000 };

/** Models in processes of their own. Two that are started run side by side, until the older is released. */
export function createChildProcessHost({ limits, ...deps }: ChildProcessHostDeps): InferenceHost {
  const allLimits = { ...LIMITS, ...limits };
  return {
    probeProviders: (signal) => probeInChild(allLimits, signal),
    start: async (spec, signal) => {
      const life = { ...deps, spec, limits: allLimits, ended: new AbortController() };
      const kill = (): void => life.ended.abort();
      signal?.addEventListener('abort', kill, { once: true, signal: life.ended.signal });
      if (signal?.aborted) kill();
      try {
        return new RestartingClassifier(life, await loadSafely(life));
      } catch (error) {
        kill();
        throw error;
      }
    },
  };
}

/** What all processes of one model have in common. */
interface Life extends Omit<ChildProcessHostDeps, 'limits'> {
  readonly spec: ModelSpec;
  readonly limits: HostLimits;
  /** Aborted when the model is no longer needed: no process outlives it. */
  readonly ended: AbortController;
}

interface LoadedChild {
  readonly child: InferenceProcess;
  readonly executionProviders: readonly string[];
  readonly setbacks: readonly ProviderSetback[];
}

/**
 * A graph that was made ready before, or a driver, may take the process along: then the model is loaded from its own
 * file, on the processor.
 */
async function loadSafely(life: Life): Promise<LoadedChild> {
  const { graphs, accelerator = 'cpu', ...plain } = life.spec;
  try {
    return await loadInChild(life);
  } catch (error) {
    const isPlain = graphs === undefined && accelerator === 'cpu';
    if (isPlain || life.ended.signal.aborted || !isAppError(error) || !ENDED.includes(error.code))
      throw error;
    life.log.warn({ error: describeError(error) }, 'model is loaded as its file is, on the processor');
    if (graphs !== undefined) await setGraphsAside(graphs);
    const loaded = await loadInChild({ ...life, spec: plain });
    if (accelerator === 'cpu' || accelerator === 'auto') return loaded;
    return { ...loaded, setbacks: [{ provider: accelerator, why: error.message }] };
  }
}

const ENDED: readonly string[] = ['INFERENCE_CRASHED', 'INFERENCE_TIMEOUT'] satisfies AgentErrorCode[];

async function loadInChild({ spec, limits, ended, maxMemoryBytes = Infinity }: Life): Promise<LoadedChild> {
  const { memoryIntervalMs } = limits;
  const child = startInferenceProcess({ signal: ended.signal, maxMemoryBytes, memoryIntervalMs });
  try {
    const reply = await child.request({ kind: 'load', spec }, limits.loadMs);
    if (reply.kind !== 'loaded') throw new Error(`load was answered with ${reply.kind}`);
    const { executionProviders, setbacks } = reply;
    return { child, executionProviders, setbacks };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

/** A driver may take the process along, or never come back: that says enough of it. */
async function probeInChild(limits: HostLimits, signal?: AbortSignal): Promise<readonly ProviderProbe[]> {
  const { loadMs, memoryIntervalMs } = limits;
  const guards = {
    signal: signal ?? new AbortController().signal,
    maxMemoryBytes: Infinity,
    memoryIntervalMs,
  };
  const child = startInferenceProcess(guards);
  try {
    const reply = await child.request({ kind: 'probe' }, loadMs);
    if (reply.kind !== 'probed') throw new Error(`probe was answered with ${reply.kind}`);
    return reply.providers;
  } finally {
    await child.kill();
  }
}

class RestartingClassifier implements HostedClassifier {
  readonly #life: Life;
  /** Aborted at the release, a moment before the life ends: the frame in flight may still come through. */
  readonly #released = new AbortController();
  #loaded: LoadedChild;
  /** Crashes since the last prediction. */
  #crashes = 0;
  #inFlight: Promise<unknown> | undefined;
  #release: Promise<void> | undefined;

  constructor(life: Life, loaded: LoadedChild) {
    this.#life = life;
    this.#loaded = loaded;
  }

  /** Of the present process: a card may be gone with the one before. */
  get executionProviders(): readonly string[] {
    return this.#loaded.executionProviders;
  }

  get setbacks(): readonly ProviderSetback[] {
    return this.#loaded.setbacks;
  }

  get #child(): InferenceProcess {
    return this.#loaded.child;
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
    const why = this.#child.end();
    if (why !== undefined) await this.#restart(why);
    const reply = await this.#child.request({ kind: 'classify', rgb }, this.#life.limits.classifyMs);
    if (reply.kind !== 'classified') throw new Error(`classify was answered with ${reply.kind}`);
    this.#crashes = 0;
    return reply.prediction;
  }

  async #restart(why: AppError): Promise<void> {
    const { spec, log, random, onRestart } = this.#life;
    const stopping = AbortSignal.any([this.#released.signal, this.#life.ended.signal]);
    if (stopping.aborted) throw why;
    const pauseMs = this.#crashes === 0 ? 0 : computeBackoffMs(RESTART_BACKOFF, this.#crashes - 1, random());
    this.#crashes += 1;
    const facts = { crashes: this.#crashes, pauseMs, code: why.code, error: describeError(why) };
    log.warn(facts, 'inference process ended, starting another');
    onRestart?.({ spec, why });
    await waitMs(pauseMs, stopping);
    if (stopping.aborted) throw why;
    this.#loaded = await loadSafely(this.#life);
  }

  async peakMemoryBytes(): Promise<number | undefined> {
    const { pid } = this.#child;
    return pid === undefined ? undefined : (await readProcessMemory(pid))?.peakBytes;
  }

  release(): Promise<void> {
    this.#release ??= this.#end();
    return this.#release;
  }

  async #end(): Promise<void> {
    this.#released.abort();
    const lastFrame = this.#inFlight;
    if (lastFrame !== undefined) await settleWithin(lastFrame, this.#life.limits.releaseMs);
    if (this.#inFlight === undefined && this.#child.end() === undefined) await this.#sayGoodbye();
    this.#life.ended.abort();
    await lastFrame?.catch(() => undefined);
    await this.#child.kill();
  }

  async #sayGoodbye(): Promise<void> {
    try {
      await this.#child.request({ kind: 'release' }, this.#life.limits.releaseMs);
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#life.log.warn({ error: describeError(error) }, 'inference process did not end in order');
    }
  }
}
