import { inputShape } from '@watchpost/shared/bundle/model-graph.ts';
import type { BareModelResult } from './bare-model.ts';
import { runBaseline } from './child.ts';
import type { BenchModel } from './data.ts';

export interface NativePace {
  readonly runsPerSec: number;
  readonly seconds: number;
}

/** Native time of one run of this model on one thread, at this pace: at a slow one the caches have gone cold. */
export async function measureNativeMs(
  { path, manifest }: BenchModel,
  pace: NativePace,
  signal: AbortSignal,
): Promise<number> {
  const { name, dtype } = manifest.input;
  const input = { name, dtype, shape: inputShape(manifest.input) };
  const request = { path, input, threads: 1, ...pace };
  return (await runBaseline<BareModelResult>('bare-model.ts', request, signal)).nativeMs;
}
