import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Camera, CameraHealth, Frame, FramePlan } from '../../agent/src/capture/port.ts';

/** A camera to be tested, not yet started, and the hands to move it. */
export interface CameraBench {
  readonly camera: Camera;
  /** Resolves when this many frames were captured, taken or not. */
  capture(total: number): Promise<void>;
  /** Resolves when the recording is over. */
  end(): Promise<void>;
}

const SMALL: FramePlan = { width: 32, height: 18, fit: 'squash', scaleFlags: 'area' };
const SQUARE: FramePlan = { width: 24, height: 24, fit: 'cover', scaleFlags: 'bilinear' };
const bytesOf = (plan: FramePlan): number => plan.width * plan.height * 3;
/** Of the pictures of a frame, in the order of the plans. */
async function sizesOf(frame: Frame | undefined): Promise<readonly number[] | undefined> {
  const [view, ...others] = (await frame?.look()) ?? [];
  assert.deepEqual(others, []);
  return view?.pictures.map(({ rgb }) => rgb.length);
}
const soon = (): AbortSignal => AbortSignal.timeout(20_000);

/** What every camera promises. `make` gives a recording, played once, with room for about 20 frames. */
export function cameraContract(name: string, make: (plan: FramePlan) => Promise<CameraBench>): void {
  describe(`${name} keeps the contract of a camera`, () => {
    const withCamera = async (use: (bench: CameraBench) => Promise<void>): Promise<void> => {
      const bench = await make(SMALL);
      await bench.camera.start(new AbortController().signal);
      await use(bench).finally(() => bench.camera.stop());
    };

    test('before its first frame it is offline, has no picture and has counted nothing', async () => {
      const { camera } = await make(SMALL);
      assert.equal(camera.health().condition, 'offline');
      assert.equal(camera.latestPicture(), undefined);
      assert.deepEqual(camera.counters(), { captured: 0, skipped: 0, reconnects: 0 });
    });

    test('a frame has a picture of the size of the plan, the id of the camera, and a number', () =>
      withCamera(async ({ camera, capture }) => {
        const [frame] = await Promise.all([camera.nextFrame(soon()), capture(1)]);
        assert.equal(frame?.cameraId, camera.id);
        assert.deepEqual(await sizesOf(frame), [bytesOf(SMALL)]);
        assert.equal(frame?.sequence, 1);
      }));

    test('whoever comes late gets the newest frame, and the others count as skipped', () =>
      withCamera(async ({ camera, capture }) => {
        await capture(4);
        const { captured, skipped } = camera.counters();
        const frame = await camera.nextFrame(soon());
        assert.equal(frame?.sequence, captured);
        assert.equal(skipped, captured - 1);
      }));

    test('with the first frame it is online, and says so once', () =>
      withCamera(async ({ camera, capture }) => {
        const seen: CameraHealth[] = [];
        camera.onHealth((health) => seen.push(health));
        await capture(3);
        assert.deepEqual(
          seen.map(({ condition }) => condition),
          ['online'],
        );
        assert.equal(camera.health().condition, 'online');
      }));

    test('a wait for a frame ends when its signal is aborted', async () => {
      const { camera } = await make(SMALL);
      assert.equal(await camera.nextFrame(AbortSignal.abort()), undefined);
      const giveUp = new AbortController();
      const waiting = camera.nextFrame(giveUp.signal);
      giveUp.abort();
      assert.equal(await waiting, undefined);
    });

    test('when the recording is over, the last frame can be taken, then there is none', () =>
      withCamera(async ({ camera, capture, end }) => {
        await capture(1);
        await end();
        assert.equal((await camera.nextFrame(soon()))?.sequence, camera.counters().captured);
        assert.equal(await camera.nextFrame(soon()), undefined);
        assert.equal(camera.health().condition, 'disabled');
        assert.equal(camera.health().code, 'CAMERA_ENDED');
      }));

    test('once other plans are in use, every frame has their pictures, in their order, and that is no reconnect', () =>
      withCamera(async ({ camera, capture }) => {
        await capture(2);
        const { captured } = camera.counters();
        await camera.usePlans([SQUARE, SMALL, { ...SQUARE }]);
        const [frame] = await Promise.all([camera.nextFrame(soon()), capture(captured + 1)]);
        assert.deepEqual(await sizesOf(frame), [bytesOf(SQUARE), bytesOf(SMALL)]);
        assert.ok((frame?.sequence ?? 0) > captured);
        assert.equal(camera.counters().reconnects, 0);
      }));

    test('a plan that is no longer used has no picture any more', () =>
      withCamera(async ({ camera, capture }) => {
        await camera.usePlans([SMALL, SQUARE]);
        await capture(1);
        await camera.usePlans([SQUARE]);
        const { captured } = camera.counters();
        await capture(captured + 1);
        const frame = await camera.nextFrame(soon());
        assert.deepEqual(await sizesOf(frame), [bytesOf(SQUARE)]);
      }));

    test('a frame tells what moved, and shows the same each time it is looked at', () =>
      withCamera(async ({ camera, capture }) => {
        const [frame] = await Promise.all([camera.nextFrame(soon()), capture(1)]);
        const { share01 = -1 } = frame?.motion ?? {};
        assert.ok(share01 >= 0 && share01 <= 1);
        assert.deepEqual(await frame?.look(), await frame?.look());
      }));

    test('pictures for people are JPEGs, oldest first, and the latest is the last', () =>
      withCamera(async ({ camera, capture, end }) => {
        await capture(10);
        await end();
        const recent = camera.recentPictures();
        assert.ok(recent.length > 0);
        assert.equal(camera.latestPicture(), recent.at(-1)?.jpeg);
        for (const [at, { jpeg, capturedAtMs }] of recent.entries()) {
          assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
          assert.ok(capturedAtMs >= (recent[at - 1]?.capturedAtMs ?? 0));
        }
      }));

    test('who waits for a picture gets the first that comes, or none when it gives up or none can come', () =>
      withCamera(async ({ camera, capture }) => {
        assert.equal(await camera.waitForPicture(AbortSignal.abort()), undefined);
        const [jpeg] = await Promise.all([camera.waitForPicture(soon()), capture(3)]);
        assert.deepEqual([...(jpeg ?? []).slice(0, 2)], [0xff, 0xd8]);
        const { camera: stopped } = await make(SMALL);
        const waiting = stopped.waitForPicture(soon());
        await stopped.stop();
        assert.equal(await waiting, undefined);
      }));

    test('a recording gives each of its pictures in both tiers', () =>
      withCamera(async ({ camera, capture }) => {
        camera.useTier('keyframes');
        await capture(4);
        camera.useTier('every');
        await capture(8);
        assert.equal(camera.counters().reconnects, 0);
      }));

    test('before its start, and after its stop, plans are in use at once', async () => {
      const { camera } = await make(SMALL);
      await camera.usePlans([SMALL, SQUARE]);
      await camera.stop();
      await camera.usePlans([SQUARE], AbortSignal.abort());
      await camera.usePlans([SQUARE]);
    });

    test('stop lets waiting takers go, and can be called again', async () => {
      const { camera } = await make(SMALL);
      await camera.start(new AbortController().signal);
      await camera.stop();
      assert.equal(await camera.nextFrame(soon()), undefined);
      await camera.stop();
    });

    test('aborting the signal of start stops it', async () => {
      const { camera } = await make(SMALL);
      const life = new AbortController();
      await camera.start(life.signal);
      life.abort();
      assert.equal(await camera.nextFrame(soon()), undefined);
      await camera.stop();
    });
  });
}
