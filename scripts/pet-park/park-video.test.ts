import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeParkVideo, parkVideoKey, runsOf } from './park-video.ts';

const run = promisify(execFile);

test('labels of consecutive frames are joined into runs', () => {
  assert.deepEqual(runsOf(['none', 'none', 'edge', 'cat', 'cat']), [
    { fromFrame: 0, toFrame: 1, label: 'none' },
    { fromFrame: 2, toFrame: 2, label: 'edge' },
    { fromFrame: 3, toFrame: 4, label: 'cat' },
  ]);
});

test('the key differs with the seed and with the length, and is stable', () => {
  assert.equal(parkVideoKey(1, 60), parkVideoKey(1, 60));
  assert.notEqual(parkVideoKey(1, 60), parkVideoKey(2, 60));
  assert.notEqual(parkVideoKey(1, 60), parkVideoKey(1, 61));
});

test('a video has as many frames as its truth, at 1280x720 and 25 fps', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'park-'));
  try {
    const made = await makeParkVideo({ seed: 3, seconds: 0.6, outFile: path.join(folder, 'park.mp4') });
    assert.equal(made.truth.runs.at(-1)?.toFrame, 14);
    const entries = 'stream=width,height,r_frame_rate,nb_read_frames,codec_name';
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-count_frames', '-show_entries', entries, '-of', 'csv=p=0', made.videoFile],
    ]);
    assert.equal(stdout.trim(), 'h264,1280,720,25/1,15');
    assert.deepEqual((await readdir(folder)).toSorted(), ['park.mp4', 'park.truth.json']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('when the caller gives up, no file is left', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'park-'));
  const stop = new AbortController();
  try {
    const making = makeParkVideo({
      seed: 3,
      seconds: 30,
      outFile: path.join(folder, 'park.mp4'),
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await assert.rejects(making, { name: 'AbortError' });
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
