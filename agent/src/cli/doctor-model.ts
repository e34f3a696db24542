import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { AgentConfig } from '../config/schema.ts';
import type { ModelFacts } from '../doctor/diagnose-model.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { checkGoldenFrames } from '../inference/golden.ts';
import { composeChosenSpec } from '../inference/model-spec.ts';
import type { GoldenOutcome } from '../inference/port.ts';
import { peekChampion } from '../update/peek-champion.ts';
import type { Champion } from '../update/port.ts';
import { firstChoice } from '../update/slots.ts';

/** The model this box runs, tried as it runs it, in a process of its own. Nothing on the disk is changed. */
export async function inspectModel(
  { dataDir, inference }: AgentConfig,
  signal: AbortSignal,
): Promise<ModelFacts> {
  const found = await findActive(dataDir);
  return 'kind' in found ? found : tryModel(found, inference, signal);
}

async function findActive(
  dataDir: string,
): Promise<Champion | Extract<ModelFacts, { kind: 'none' | 'unsound' }>> {
  try {
    return (await peekChampion(dataDir)) ?? { kind: 'none' };
  } catch (error) {
    if (isAppError(error)) return { kind: 'unsound', detail: error.message };
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { kind: 'unsound', detail: message };
  }
}

async function tryModel(
  { bundle, slot }: Champion,
  settings: AgentConfig['inference'],
  signal: AbortSignal,
): Promise<ModelFacts> {
  const { manifest, folder } = bundle;
  const name = `${manifest.model} ${manifest.version}`;
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  try {
    const spec = composeChosenSpec(bundle, slot.choice ?? firstChoice(manifest), settings);
    const classifier = await host.start(spec, signal);
    try {
      const outcome = await checkGoldenFrames(classifier, manifest, folder);
      const { executionProviders: providers } = classifier;
      return { kind: 'runs', name, providers, ...describeOutcome(outcome, manifest.golden.length) };
    } finally {
      await classifier.release();
    }
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { kind: 'fails', name, detail: describeCause(error), remedy: error.kind.remedy };
  }
}

function describeOutcome(
  outcome: GoldenOutcome,
  count: number,
): Pick<Extract<ModelFacts, { kind: 'runs' }>, 'golden' | 'latencyMs'> {
  if (outcome.kind === 'passed') return { golden: { count }, latencyMs: outcome.latencyMs };
  const [expected, found] = [outcome.expected, outcome.found].map((values) =>
    values.map((value) => value.toFixed(3)).join(' '),
  );
  return {
    golden: { count, failed: `${outcome.file} gives ${found}, expected ${expected}` },
    latencyMs: undefined,
  };
}

function describeCause(error: Error): string {
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
