import { availableParallelism } from 'node:os';
import { computeFramePlan } from '../inference/frame-plan.ts';
import { localRuntime } from '../inference/local-runtime.ts';
import { onnxInspector } from '../inference/onnx-runtime.ts';
import { readPicture } from '../inference/sharp-picture.ts';
import { convertToPng, readVideo } from '../replay/ffmpeg-frames.ts';
import type { ReplayIo } from '../replay/output.ts';
import { replay } from '../replay/replay.ts';

/** `watchpost-agent replay`: see `--help`. @returns the exit code */
export function runReplay(argv: readonly string[], io: ReplayIo): Promise<number> {
  return replay(argv, io, {
    runtime: localRuntime,
    inspector: onnxInspector,
    planFrames: computeFramePlan,
    frames: { readPicture, readVideo, convertPicture: convertToPng },
    threads: availableParallelism(),
    nowMs: () => performance.now(),
  });
}
