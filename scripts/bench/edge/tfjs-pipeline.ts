import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as tf from '@tensorflow/tfjs';
import { startTensorflow } from '../../pet-park/tensorflow-wasm.ts';
import { buildMobileNetV2 } from './mobilenet-v2-tfjs.ts';
import { readCpuSec } from './proc-tree.ts';

/** The pipeline as people write it with TensorFlow.js: ffmpeg gives rgb24, the WebAssembly backend runs the model. */
export interface TfjsRequest {
  readonly video: string;
  readonly frames: number;
}

export interface TfjsResult {
  /** Of this process and its ffmpeg, per frame. */
  readonly cpuMs: number;
  readonly fps: number;
}

const SIDE = 224;
const LABELS = 1001;
const WARM_UP = 10;

async function runTfjs({ video, frames }: TfjsRequest): Promise<TfjsResult> {
  await startTensorflow();
  const network = buildMobileNetV2(LABELS);
  const filter = `scale=${SIDE}:${SIDE}:force_original_aspect_ratio=increase,format=rgb24,crop=${SIDE}:${SIDE}`;
  const input = ['-v', 'error', '-nostdin', '-threads', '1', '-stream_loop', '-1', '-i', video];
  const ffmpeg = spawn('ffmpeg', [...input, '-vf', filter, '-f', 'rawvideo', 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const cpuSec = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6 + readCpuSec(ffmpeg.pid ?? 0);
  };
  let [beganMs, cpuBegan, seen] = [0, 0, -WARM_UP];
  for await (const rgb of cutFrames(ffmpeg.stdout)) {
    if (seen === 0) [beganMs, cpuBegan] = [performance.now(), cpuSec()];
    const tensor = tf.tidy(() => tf.tensor4d(rgb, [1, SIDE, SIDE, 3], 'int32').toFloat().div(127.5).sub(1));
    const output = network(tensor as tf.Tensor4D);
    await output.data();
    tf.dispose([tensor, output]);
    seen += 1;
    if (seen === frames) break;
  }
  const result = {
    cpuMs: ((cpuSec() - cpuBegan) * 1000) / seen,
    fps: (seen * 1000) / (performance.now() - beganMs),
  };
  if (ffmpeg.kill('SIGKILL')) await once(ffmpeg, 'exit');
  return result;
}

async function* cutFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frame = new Uint8Array(SIDE * SIDE * 3);
  let filled = 0;
  for await (const chunk of stream) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + frame.length - filled);
      frame.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < frame.length) continue;
      filled = 0;
      yield frame;
    }
  }
}

const request: TfjsRequest = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await runTfjs(request)), () => process.exit(0));
