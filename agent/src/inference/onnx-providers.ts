import { PROVIDERS, type Provider } from '@watchpost/shared/bundle/providers.ts';
import { InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import type { ProviderProbe } from './port.ts';
import { withFallback } from './provider-plan.ts';

const WHY_CHARS = 300;
const FATAL_ONLY = 4;
/** An ONNX file (opset 13) of one node, Identity, on one float. */
const IDENTITY = Buffer.from(
  'CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCAhAN',
  'base64',
);

/** A provider the runtime does not know it leaves out without a word: only those that are offered are asked for. */
export const runOn = (provider: Provider): Pick<InferenceSession.SessionOptions, 'executionProviders'> => ({
  executionProviders: [...withFallback(provider)],
});

export const listOffered = (): readonly string[] => listSupportedBackends().map(({ name }) => name);

/** For people. */
export function describeCause(error: unknown): string {
  const { cause = error } = error as Error;
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, WHY_CHARS);
}

/** Each provider that is offered beside the processor, tried with a model that does nothing. */
export async function probeOnnxProviders(): Promise<readonly ProviderProbe[]> {
  const offered = listOffered();
  const probes: ProviderProbe[] = [];
  for (const provider of PROVIDERS.filter((it) => it !== 'cpu' && offered.includes(it)))
    probes.push(await probe(provider));
  return probes;
}

async function probe(provider: Provider): Promise<ProviderProbe> {
  try {
    const session = await InferenceSession.create(IDENTITY, {
      logSeverityLevel: FATAL_ONLY,
      ...runOn(provider),
    });
    await session.release();
    return { provider };
  } catch (error) {
    return { provider, why: describeCause(error) };
  }
}
