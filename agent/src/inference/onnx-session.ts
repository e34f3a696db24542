import { basename } from 'node:path';
import type { Provider } from '@watchpost/shared/bundle/providers.ts';
import { env, InferenceSession } from 'onnxruntime-node';
import { agentError } from '../kernel/errors.ts';
import { type GraphFiles, openGraphFiles } from './graph-files.ts';
import { describeCause, listOffered, runOn } from './onnx-providers.ts';
import type { ModelSpec, ProviderSetback } from './port.ts';
import { describeProcessor } from './proc-cpu-features.ts';
import { planProviders } from './provider-plan.ts';

const ERRORS_ONLY = 3;

export interface OpenedSession {
  readonly session: InferenceSession;
  readonly provider: Provider;
  readonly setbacks: readonly ProviderSetback[];
}

/** The first provider that takes the model. Its library, its card or the model may be what it fails for. */
export async function createOnBest(spec: ModelSpec): Promise<OpenedSession> {
  const { tries, setbacks: missed } = planProviders(spec.accelerator ?? 'cpu', listOffered());
  const setbacks = [...missed];
  for (const provider of tries) {
    try {
      const session = await (provider === 'cpu' ? createOnProcessor(spec) : createOn(provider, spec));
      return { session, provider, setbacks };
    } catch (error) {
      if (provider === 'cpu') throw error;
      setbacks.push({ provider, why: describeCause(error) });
    }
  }
  throw new Error('the processor was not tried');
}

const createOn = (provider: Provider, spec: ModelSpec): Promise<InferenceSession> =>
  createSession(spec.path, { ...composeOptions(spec), ...runOn(provider) });

/**
 * With the graph as it was made ready before, where there is one: no optimising, and no second copy of the weights that
 * are packed anew. What other providers compile cannot be kept.
 */
async function createOnProcessor(spec: ModelSpec): Promise<InferenceSession> {
  if (spec.graphs === undefined) return createOn('cpu', spec);
  const runtime = `onnxruntime ${env.versions.node}`;
  const madeFor = [runtime, await describeProcessor()];
  const files = openGraphFiles({ ...spec.graphs, path: spec.path, madeFor });
  return (await createFromKept(spec, files)) ?? (await createAndKeep(spec, files)) ?? createOn('cpu', spec);
}

async function createFromKept(spec: ModelSpec, files: GraphFiles): Promise<InferenceSession | undefined> {
  const path = await files.find();
  if (path === undefined) return undefined;
  const options = { ...composeOptions(spec), graphOptimizationLevel: 'disabled' } as const;
  return createSession(path, options).catch(() => files.drop().then(() => undefined));
}

async function createAndKeep(spec: ModelSpec, files: GraphFiles): Promise<InferenceSession | undefined> {
  const draft = await files.begin();
  if (draft === undefined) return undefined;
  try {
    const options = { ...composeOptions(spec), optimizedModelFilePath: draft };
    const session = await createSession(spec.path, options);
    await files.keep();
    return session;
  } catch {
    // Perhaps it could not be written; when it is the model that is wrong, the next attempt tells.
    await files.drop();
    return undefined;
  }
}

function composeOptions({ spinning, threads }: ModelSpec): InferenceSession.SessionOptions {
  const allow_spinning = spinning ? '1' : '0';
  return {
    intraOpNumThreads: threads,
    extra: { session: { intra_op: { allow_spinning }, inter_op: { allow_spinning } } },
  };
}

/** @throws AppError MODEL_UNREADABLE */
export async function createSession(
  path: string,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      graphOptimizationLevel: 'all',
      executionProviders: ['cpu'],
      logSeverityLevel: ERRORS_ONLY,
      ...options,
    });
  } catch (cause) {
    throw agentError('MODEL_UNREADABLE', `${basename(path)} is not an ONNX model this runtime can load`, {
      cause,
    });
  }
}
