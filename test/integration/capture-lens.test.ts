import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LENS_LIMITS, type LensLimits } from '../../agent/src/capture/lens/lens-watch.ts';
import { type ClipFolder, createClipFolder } from '../support/camera-clips.ts';
import { type CameraSession, watchCamera } from '../support/camera-session.ts';

/** A tenth of the times; a recording at full pace goes by its own clock. */
const LENS: LensLimits = {
  picture: { ...LENS_LIMITS.picture, coveredMs: 1_000, frozenMs: 6_000 },
  view: { ...LENS_LIMITS.view, checkMs: 200, learnMs: 6_000, movedMs: 3_000, adoptMs: 12_000 },
};
const NOISE = 'noise=alls=6:allf=t';
/** Two parts of a drawn scene, `seconds` of each. */
const looks = (halves: readonly ('left' | 'right')[], seconds: number): string => {
  const scene = `testsrc2=s=640x180:r=5:d=0.2,loop=loop=-1:size=1,trim=duration=${seconds},setpts=N/5/TB`;
  const part = (half: string, at: number) =>
    `${scene},crop=320:180:${half === 'left' ? 0 : 270}:0,setsar=1[part${at}]`;
  const parts = halves.map((_, at) => `[part${at}]`).join('');
  return `${halves.map(part).join(';')};${parts}concat=n=${halves.length},${NOISE}`;
};

let clips: ClipFolder;
before(async () => {
  clips = await createClipFolder();
});
after(() => clips.remove());

async function playAll({ camera }: CameraSession): Promise<void> {
  const soon = AbortSignal.timeout(60_000);
  while ((await camera.nextFrame(soon)) !== undefined);
}

const playing = (file: string) => watchCamera({ file, fps: 5, pace: 'full' }, { lens: LENS });
const said = ({ seen }: CameraSession): readonly string[] =>
  seen.map(({ condition, code }) => (code === undefined ? condition : `${condition} ${code}`));

test('a camera that looks elsewhere for good stays online with CAMERA_MOVED, until the new view is its own', async () => {
  await using session = await playing(await clips.drawn('turned', looks(['left', 'right'], 20), 40));
  await playAll(session);
  assert.deepEqual(said(session), ['online', 'online CAMERA_MOVED', 'online', 'disabled CAMERA_ENDED']);
});

test('a camera that is turned back in time has its old view', async () => {
  await using session = await playing(await clips.drawn('back', looks(['left', 'right', 'left'], 8), 24));
  await playAll(session);
  assert.deepEqual(said(session), ['online', 'online CAMERA_MOVED', 'online', 'disabled CAMERA_ENDED']);
});

test('a picture that stands still to the bit is frozen, one with noise is not', async () => {
  const still = looks(['left'], 10).replace(NOISE, 'null');
  await using frozen = await playing(await clips.drawn('frozen', still, 10));
  await using living = await playing(await clips.drawn('living', looks(['left'], 10), 10));
  await Promise.all([playAll(frozen), playAll(living)]);
  assert.deepEqual(said(frozen), ['online', 'frozen', 'disabled CAMERA_ENDED']);
  assert.deepEqual(said(living), ['online', 'disabled CAMERA_ENDED']);
});

test('a loop that is shorter than the limits is judged by all of its passes together', async () => {
  const file = await clips.drawn('loop', looks(['left'], 2).replace(NOISE, 'null'), 2);
  await using session = await watchCamera({ file, fps: 5, pace: 'full', loop: true }, { lens: LENS });
  const soon = AbortSignal.timeout(60_000);
  while (session.camera.health().condition !== 'frozen') {
    assert.ok((await session.camera.nextFrame(soon)) !== undefined);
  }
});

test('a lens is covered also where a mask stands out against what covers it', async () => {
  const file = await clips.drawn('wall', `color=white:s=320x180:r=5,noise=alls=1:allf=t`, 4);
  const masks = [{ x01: 0, y01: 0, width01: 0.5, height01: 0.5 }];
  await using session = await watchCamera({ file, fps: 5, pace: 'full', masks }, { lens: LENS });
  await playAll(session);
  assert.deepEqual(said(session), ['online', 'covered', 'disabled CAMERA_ENDED']);
});
