import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DemoRequest } from './arguments.ts';
import { LAYOUT } from './layout.ts';
import type { ParkVideo } from './park-videos.ts';
import { runFleetctl } from './run-command.ts';

const run = promisify(execFile);

/** Builds the bundle the boxes shall run. @returns its folder */
export async function buildDemoBundle(
  state: string,
  model: DemoRequest['model'],
  video: ParkVideo | undefined,
): Promise<string> {
  const folder = join(state, 'bundle');
  const parts = model === undefined ? await listDemoParts(state, video) : listOwnParts(model);
  const name = model === undefined ? 'pet-park' : 'own-model';
  await rm(folder, { recursive: true, force: true });
  await runFleetctl([
    'bundle',
    'build',
    '--out',
    folder,
    '--name',
    name,
    '--version',
    await versionOf(parts),
    ...parts,
  ]);
  return folder;
}

function listOwnParts({ onnx, labels, preprocess }: NonNullable<DemoRequest['model']>): readonly string[] {
  return [
    '--onnx',
    onnx,
    '--labels',
    labels,
    ...(preprocess === undefined ? [] : ['--preprocess', preprocess]),
  ];
}

async function listDemoParts(state: string, video: ParkVideo | undefined): Promise<readonly string[]> {
  const part = (name: string): string => join(LAYOUT.demoModel, name);
  return [
    ...[
      '--onnx',
      part('petpark.onnx'),
      '--labels',
      part('labels.txt'),
      '--preprocess',
      part('preprocess.json'),
    ],
    ...[
      '--tfjs',
      part('tfjs'),
      '--card',
      part('card.md'),
      '--metrics',
      part('metrics.json'),
      '--lineage',
      part('training.json'),
    ],
    ...(video === undefined ? [] : ['--golden', await cutGoldenFrames(state, video)]),
  ];
}

/** A version never changes its content, so it carries a digest of everything it is built from. */
async function versionOf(parts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts)
    for (const file of await listFiles(part)) hash.update(file).update(await readFile(file));
  return `1.0.0+${hash.digest('hex').slice(0, 8)}`;
}

/** The file, or the files of the folder; none for an argument that is no path. */
async function listFiles(path: string): Promise<readonly string[]> {
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [path];
  return (await readdir(path)).sort().map((name) => join(path, name));
}

/** One picture from the middle of the first stretch of each label. @returns the folder */
async function cutGoldenFrames(state: string, { file, truth }: ParkVideo): Promise<string> {
  const folder = join(state, 'golden');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const label of ['cat', 'dog', 'none']) {
    const stretch = truth.runs.find((candidate) => candidate.label === label);
    if (stretch === undefined) continue;
    const atSec = (stretch.fromFrame + stretch.toFrame) / 2 / truth.fps;
    const picture = join(folder, `${label}.png`);
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-ss',
      atSec.toFixed(2),
      '-i',
      file,
      '-frames:v',
      '1',
      picture,
    ]);
  }
  return folder;
}
