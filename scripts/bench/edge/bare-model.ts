import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ort, profileSession } from './profiled-session.ts';
import { median } from './targets.ts';

/** Nothing but the model, on the same picture again and again, at the pace of the agent it is compared with. */
export interface BareModelRequest {
  readonly path: string;
  readonly input: {
    readonly name: string;
    readonly dtype: 'uint8' | 'float32';
    readonly shape: readonly number[];
  };
  readonly threads: number;
  readonly runsPerSec: number;
  readonly seconds: number;
}

export interface BareModelResult {
  /** Median of the times of the runs, as ONNX Runtime's profiler tells them. */
  readonly nativeMs: number;
  readonly runs: number;
}

const WARM_UP_RUNS = 5;

async function runBare({
  path,
  input,
  threads,
  runsPerSec,
  seconds,
}: BareModelRequest): Promise<BareModelResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'watchpost-bare-'));
  try {
    const { opened: session, endRuns } = await profileSession(scratch, () =>
      ort.InferenceSession.create(path, {
        graphOptimizationLevel: 'all',
        executionProviders: ['cpu'],
        intraOpNumThreads: threads,
        extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
      }),
    );
    const size = input.shape.reduce((product, side) => product * side, 1);
    const data = input.dtype === 'uint8' ? new Uint8Array(size).fill(100) : new Float32Array(size).fill(0.1);
    const tensor = new ort.Tensor(input.dtype, data, input.shape);
    const beganMs = performance.now();
    for (let run = 0; run < runsPerSec * seconds + WARM_UP_RUNS; run += 1) {
      await session.run({ [input.name]: tensor });
      const dueMs = beganMs + ((run + 1) * 1000) / runsPerSec;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
    }
    const runs = (await endRuns()).slice(WARM_UP_RUNS);
    return { nativeMs: median(runs), runs: runs.length };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const request: BareModelRequest = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await runBare(request)));
