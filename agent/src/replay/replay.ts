import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { InferenceRuntime, ModelInspector, PlanFrames } from '../inference/port.ts';
import { parseReplayArguments, REPLAY_USAGE, type ReplayRequest } from './arguments.ts';
import { type FrameDeps, replayFrames } from './frames.ts';
import { listInputs } from './inputs.ts';
import { chooseModel } from './model-choice.ts';
import { type ReplayIo, ReplayOutput } from './output.ts';
import { uniqueNames } from './report.ts';

export interface ReplayDeps {
  readonly runtime: InferenceRuntime;
  readonly inspector: ModelInspector;
  readonly planFrames: PlanFrames;
  readonly frames: FrameDeps;
  /** Threads of one model run. */
  readonly threads: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
}

const OK = 0;
const FAILED = 1;
const BAD_INPUT = 2;

/** @returns the exit code: 0, 2 for arguments, models and inputs that are wrong, 1 for what failed otherwise */
export async function replay(argv: readonly string[], io: ReplayIo, deps: ReplayDeps): Promise<number> {
  try {
    const request = parseReplayArguments(argv);
    if (request === 'help') io.stdout.write(REPLAY_USAGE);
    else await perform(request, io, deps);
    return OK;
  } catch (error) {
    if (isClosedPipe(error)) return OK;
    if (!isAppError(error)) throw error;
    const cause = error.cause instanceof Error ? `\n  ${error.cause.message}` : '';
    io.stderr.write(`watchpost-agent replay: ${describeError(error)}${cause}\n`);
    return error.kind.http < 500 ? BAD_INPUT : FAILED;
  }
}

async function perform(request: ReplayRequest, io: ReplayIo, deps: ReplayDeps): Promise<void> {
  const inputs = await listInputs(request.input);
  const spec = await chooseModel(request.model, deps);
  const plan = deps.planFrames(spec.preprocess, spec.input);
  const classifier = await deps.runtime.load(spec);
  try {
    const { json, fps, limit } = request;
    const output = new ReplayOutput({ io, json, names: uniqueNames(spec.output.labels), nowMs: deps.nowMs });
    for await (const frame of replayFrames({ inputs, classifier, plan, fps, limit }, deps.frames))
      await output.add(frame);
    await output.end();
  } finally {
    await classifier.release();
  }
}

/** The reader of a pipe, such as `head`, has seen enough. */
const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';
