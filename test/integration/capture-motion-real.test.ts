import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { FramePlan } from '../../agent/src/capture/port.ts';
import { createChildProcessHost } from '../../agent/src/inference/child-process-host.ts';
import type { HostedClassifier } from '../../agent/src/inference/port.ts';
import { cameraConfig, watchCamera } from '../support/camera-session.ts';
import { DATA, NEEDS_DATA, PETPARK, PETPARK_FILE } from '../support/real-data.ts';

const THRESHOLD = 0.6;
/** The first 20 s of each clip, as in its SOURCES.md. */
const FRAMES = 100;
const CENTRE: FramePlan = { width: 224, height: 224, fit: 'cover', scaleFlags: 'lanczos' };
const SQUASHED: FramePlan = { ...CENTRE, fit: 'squash' };

let model: HostedClassifier | undefined;
before(async () => {
  if (NEEDS_DATA.skip !== false) return;
  const host = createChildProcessHost({ log: silentLogger, random: () => 0 });
  model = await host.start({
    path: join(DATA, PETPARK_FILE),
    runtime: 'onnx',
    ...PETPARK,
    threads: 1,
    spinning: false,
  });
});
after(() => model?.release());

type Counts = Readonly<Record<string, number>>;

/** How often each label was sure in a clip at 5 fps, for each plan. */
async function count(
  clip: string,
  view: 'frame' | 'motion',
  plans: readonly FramePlan[],
): Promise<readonly Counts[]> {
  const file = join(DATA, 'video', `${clip}.mp4`);
  await using session = await watchCamera({ file, fps: 5, pace: 'full', view }, { plans });
  const counts: Record<string, number>[] = plans.map(() => ({}));
  const soon = AbortSignal.timeout(300_000);
  for (let taken = 0; taken < FRAMES; taken += 1) {
    const frame = await session.camera.nextFrame(soon);
    if (frame === undefined) break;
    for (const { pictures } of await frame.look()) {
      for (const [at, { rgb }] of pictures.entries()) {
        const found = await model?.classify(rgb);
        const label = found !== undefined && found.probability >= THRESHOLD ? found.label : 'unsure';
        const row = counts[at] ?? {};
        row[label] = (row[label] ?? 0) + 1;
      }
    }
  }
  return counts;
}

const EXPECTED: readonly (readonly [string, 'cat' | 'dog' | undefined])[] = [
  ['cat', 'cat'],
  ['dog', 'dog'],
  ['people-indoor', undefined],
  ['car-park', undefined],
];
for (const [clip, animal] of EXPECTED) {
  const what =
    animal === undefined
      ? 'shows no more false dogs than the squashed picture'
      : 'finds it no less often than the centre';
  test(`${clip}: the square around what moves ${what}`, NEEDS_DATA, async (t) => {
    const [centre = {}, squashed = {}] = await count(clip, 'frame', [CENTRE, SQUASHED]);
    const [moving = {}] = await count(clip, 'motion', [CENTRE]);
    for (const [name, counts] of Object.entries({ centre, squashed, moving })) {
      t.diagnostic(`${clip}, ${name}: ${JSON.stringify(counts)}`);
    }
    if (animal === undefined) assert.ok((moving.dog ?? 0) <= (squashed.dog ?? 0));
    else assert.ok((moving[animal] ?? 0) >= (centre[animal] ?? 0));
  });
}

test(
  'people-indoor: the empty room does not move, who comes in does, where they walk',
  NEEDS_DATA,
  async () => {
    const file = join(DATA, 'video', 'people-indoor.mp4');
    await using session = await watchCamera({ file, fps: 5, pace: 'full' });
    const { minShare01 } = cameraConfig({ file }).motion;
    const shares: number[] = [];
    for (let number = 0; number < 90; number += 1) {
      const { motion } = await session.frame();
      shares.push(motion.share01);
      if (number < 35) continue;
      const { x01 = 0, width01 = 1 } = motion.around ?? {};
      assert.ok(x01 > 0.25 && x01 + width01 < 0.85, `${number}: ${x01} + ${width01}`);
    }
    // The first person comes into the picture six seconds after its beginning.
    assert.deepEqual(
      shares.slice(0, 29).filter((share01) => share01 >= minShare01),
      [],
    );
    assert.deepEqual(
      shares.slice(31).filter((share01) => share01 < minShare01),
      [],
    );
  },
);
