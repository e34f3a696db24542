import { after, before } from 'node:test';
import { createFfmpegCamera } from '../../agent/src/capture/ffmpeg-camera.ts';
import { silentLogger } from '../../shared/src/kernel/log.ts';
import { cameraContract } from '../contract/camera-contract.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { cameraConfig } from '../support/camera-session.ts';
import { FakeCamera } from '../support/fake-camera.ts';
import { until } from '../support/until.ts';

let clips: ClipFolder;
let clip: string;
before(async () => {
  clips = await createClipFolder();
  clip = await clips.halves(2);
});
after(() => clips.remove());

cameraContract('FakeCamera', async (plan) => {
  const camera = new FakeCamera('cam-1', plan);
  return {
    camera,
    async capture(total) {
      while (camera.counters().captured < total) camera.emit();
    },
    end: async () => camera.end(),
  };
});

cameraContract('FfmpegCamera', async (plan) => {
  const openCamera = createFfmpegCamera({
    logger: silentLogger,
    nowMs: () => performance.now(),
    random01: () => 0.5,
  });
  const camera = openCamera(cameraConfig({ file: clip }), plan);
  return {
    camera,
    capture: (total) => until(`${total} frames`, () => camera.counters().captured >= total),
    end: () => until('the recording is over', () => camera.health().condition === 'disabled'),
  };
});
