import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createJpegSplitter } from '../../agent/src/capture/frames/frame-splitter.ts';
import { makeManifest } from '../support/http-data.ts';
import { type AgentProcess, layBundle, layIdentity, NOWHERE, runAgent } from '../support/installed-box.ts';
import { startMjpegServer } from '../support/mjpeg-server.ts';
import { DATA, NEEDS_DATA, PETPARK, PETPARK_FILE } from '../support/real-data.ts';
import { startRtspServer } from '../support/rtsp-server.ts';
import { until } from '../support/until.ts';

const clip = (name: string): string => join(DATA, 'video', `${name}.mp4`);

async function runBox(t: TestContext, cameras: readonly object[]): Promise<AgentProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchpost-clips-'));
  await layIdentity(dataDir);
  const model = await readFile(join(DATA, PETPARK_FILE));
  await layBundle(dataDir, { manifest: makeManifest(model, PETPARK), model });
  const config = join(dataDir, 'agent.yaml');
  await writeFile(config, JSON.stringify({ dataDir, server: { url: `https://${NOWHERE}` }, cameras }));
  const agent = runAgent({ config });
  t.after(async () => {
    await agent.stop();
    await rm(dataDir, { recursive: true });
  });
  return agent;
}

/** The pictures of a clip, as a camera sends them that knows nothing but JPEG. */
function jpegsOf(file: string): readonly Uint8Array[] {
  const args = ['-v', 'error', '-i', file, '-r', '10', '-q:v', '4', '-f', 'mjpeg', 'pipe:1'];
  const { stdout } = spawnSync('ffmpeg', args, { maxBuffer: 256 * 1024 * 1024 });
  const pictures: Uint8Array[] = [];
  createJpegSplitter((picture) => pictures.push(picture))(stdout);
  return pictures;
}

interface SeenEvent {
  readonly camera: string;
  readonly type: string;
  readonly label: string;
}
const eventsOf = ({ lines }: AgentProcess): readonly SeenEvent[] =>
  lines.filter(({ msg }) => msg === 'event') as unknown as readonly SeenEvent[];

test(
  'a real cat over RTSP and a real dog over MJPEG are reported by the real model',
  NEEDS_DATA,
  async (t) => {
    const cats = await startRtspServer({ video: clip('cat') });
    t.after(() => cats.stop());
    const dogs = await startMjpegServer({ pictures: jpegsOf(clip('dog')), fps: 10 });
    t.after(() => dogs.stop());
    const agent = await runBox(t, [
      { id: 'chair', url: cats.url },
      { id: 'meadow', url: dogs.url },
    ]);
    const opened = (camera: string) =>
      eventsOf(agent).find((event) => event.camera === camera && event.type === 'new');
    await until('both animals are reported', () => Boolean(opened('chair') && opened('meadow')), 60_000);
    for (const { camera, type, label } of eventsOf(agent)) t.diagnostic(`${camera}: ${type} ${label}`);
    assert.deepEqual([opened('chair')?.label, opened('meadow')?.label], ['cat', 'dog']);
  },
);
