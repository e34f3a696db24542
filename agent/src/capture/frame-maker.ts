import type { CameraConfig } from '../config/schema.ts';
import type { CapturedPicture } from './frames/captured-picture.ts';
import type { Scene } from './frames/scene.ts';
import { createLensWatch, type LensLimits, type LensVerdict } from './lens/lens-watch.ts';
import { planVisible, planWatched } from './motion/counted-pixels.ts';
import { createMotionWatch, QUICK_MOTION_LIMITS } from './motion/motion.ts';
import { createSpotWatch, planCut, SPOT_LIMITS, type Spot } from './motion/motion-square.ts';
import type { Frame, FramePlan, FrameView, Motion } from './port.ts';

/** What became of one decoded picture. */
export interface MadeFrame {
  readonly motion: Motion;
  readonly verdict: LensVerdict;
  readonly look: Frame['look'];
}

export interface FrameMakerDeps {
  readonly camera: CameraConfig;
  /** Those in use when a frame is looked at. */
  readonly plans: () => readonly FramePlan[];
  readonly lens?: LensLimits;
}

/** @returns to be called with each picture; `clockMs` is the monotonic time, or the position of a recording */
export function createFrameMaker({ camera, plans, lens }: FrameMakerDeps) {
  const watched = planWatched(camera);
  const watchMotion = createMotionWatch(watched);
  const watchMoving = createMotionWatch(watched, QUICK_MOTION_LIMITS);
  const watchSpot = createSpotWatch({ ...SPOT_LIMITS, minShare01: camera.motion.minShare01 });
  const watchLens = createLensWatch(planVisible(camera), lens);
  let lastMs: number | undefined;
  let sceneMs = 0;
  return ({ gray, views, scene }: CapturedPicture, clockMs: number): MadeFrame => {
    const sinceMs = clockMs - (lastMs ?? clockMs);
    // A recording in a loop begins again.
    const elapsedMs = sinceMs < 0 ? 1000 / camera.fps : sinceMs;
    lastMs = clockMs;
    sceneMs += elapsedMs;
    const motion = watchMotion(gray, elapsedMs);
    const verdict = watchLens(gray, motion.share01, sceneMs);
    if (scene === undefined) return { motion, verdict, look: async () => views };
    const spot = watchSpot(watchMoving(gray, elapsedMs), elapsedMs);
    return { motion, verdict, look: once(() => cutView(scene, spot, plans())) };
  };
}

async function cutView(
  scene: Scene,
  spot: Spot | undefined,
  plans: readonly FramePlan[],
): Promise<readonly FrameView[]> {
  // For cameras that look at squares around motion only: others run without its library.
  const { cutScene, fitScene } = await import('./motion/sharp-cut.ts');
  const pictures = plans.map(async (plan) => {
    const cut = spot === undefined ? undefined : planCut(spot, scene, plan);
    return { plan, rgb: cut === undefined ? await fitScene(scene, plan) : await cutScene(scene, cut, plan) };
  });
  return [{ pictures: await Promise.all(pictures) }];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
