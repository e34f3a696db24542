import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { planTensorFilter } from '../../agent/src/capture/frames/frame-plan.ts';
import type { Scene } from '../../agent/src/capture/frames/scene.ts';
import { fitScene } from '../../agent/src/capture/motion/sharp-cut.ts';
import type { FramePlan } from '../../agent/src/capture/port.ts';

const PLAN: FramePlan = { width: 2, height: 2, fit: 'cover', scaleFlags: 'area' };

/** Each pixel has a colour of its own. */
function makeScene(width: number, height: number): Scene {
  return { width, height, rgb: Uint8Array.from({ length: width * height * 3 }, (_, at) => at * 7) };
}

/** The way of the cameras that look at the whole picture. */
function fitWithFfmpeg({ width, height, rgb }: Scene, plan: FramePlan): Buffer {
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const input = [...raw, '-s', `${width}x${height}`, '-i', '-'];
  const args = ['-v', 'error', ...input, '-vf', planTensorFilter(plan), '-frames:v', '1', ...raw, '-'];
  return execFileSync('ffmpeg', args, { input: rgb });
}

const EDGES: FramePlan = { ...PLAN, fit: 'letterbox', padLevel: 114 };

const CASES: readonly (readonly [string, Scene, FramePlan])[] = [
  ['whose middle lies between two columns', makeScene(5, 2), PLAN],
  ['whose middle lies between two rows', makeScene(2, 5), PLAN],
  ['that is cut evenly', makeScene(6, 2), PLAN],
  ['between edges', makeScene(2, 2), { ...EDGES, height: 4 }],
  ['between edges that are not equal', makeScene(2, 2), { ...EDGES, height: 5 }],
];
for (const [name, scene, plan] of CASES) {
  test(`a scene ${name} comes to the model as the whole picture of a camera does`, async () => {
    assert.deepEqual([...(await fitScene(scene, plan))], [...fitWithFfmpeg(scene, plan)]);
  });
}
