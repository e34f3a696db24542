import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createJpegSplitter } from '../../agent/src/capture/frames/frame-splitter.ts';

const run = promisify(execFile);

/** How a camera fails: it sends nothing, one picture for ever, a black one, rubbish, or refuses the connection. */
export type CameraMode = 'moving' | 'silent' | 'frozen' | 'black' | 'rubbish' | 'refusing' | 'hanging up';

/** An HTTP camera whose picture turns red, green and blue, a second each. */
export interface FaultCamera {
  readonly url: string;
  set(mode: CameraMode): void;
  stop(): Promise<void>;
}

const FPS = 10;
const COLOURS = ['red', 'lime', 'blue'];
/** A picture without noise counts as covered. */
const SIZE = 's=64x48:r=10:d=1';
const NOISE = 'noise=alls=40:allf=t';

/** A clip that turns red, green and blue, a second each, `turns` times. */
export async function makeColourClip(folder: string, turns: number): Promise<string> {
  const file = join(folder, 'colours.mp4');
  const colours = Array.from({ length: turns }, () => COLOURS).flat();
  const inputs = colours.flatMap((colour) => ['-f', 'lavfi', '-i', `color=${colour}:${SIZE},${NOISE}`]);
  const graph = `${colours.map((_, index) => `[${index}:v]`).join('')}concat=n=${colours.length}`;
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...inputs, '-filter_complex', graph, ...codec, file]);
  return file;
}

export async function startFaultCamera(clip: string, folder: string): Promise<FaultCamera> {
  const pictures = await cutPictures(clip, folder);
  const black = await makeBlackPicture(folder);
  let mode: CameraMode = 'moving';
  let next = 0;
  const clients = new Set<ServerResponse>();
  const pick = (): Uint8Array | undefined => {
    if (mode === 'silent') return undefined;
    if (mode === 'frozen') return pictures[0];
    if (mode === 'black') return black;
    if (mode === 'rubbish') return Buffer.from('this is no picture '.repeat(40));
    return pictures[next++ % pictures.length];
  };
  const timer = setInterval(() => {
    const picture = pick();
    if (picture !== undefined) for (const client of clients) sendPart(client, picture);
  }, 1000 / FPS);
  const server = createServer((_request, response) => {
    if (mode === 'refusing') return void response.writeHead(503).end();
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    clients.add(response);
    response.on('close', () => clients.delete(response));
    if (mode === 'hanging up') response.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/video.mjpg`,
    set: (value) => {
      mode = value;
      if (mode === 'refusing' || mode === 'hanging up') for (const client of clients) client.destroy();
    },
    stop: async () => {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function sendPart(client: ServerResponse, picture: Uint8Array): void {
  client.write(`--frame\r\ncontent-type: image/jpeg\r\ncontent-length: ${picture.length}\r\n\r\n`);
  client.write(picture);
  client.write('\r\n');
}

async function cutPictures(clip: string, folder: string): Promise<readonly Uint8Array[]> {
  const file = join(folder, 'pictures.mjpeg');
  await run('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-y',
    '-i',
    clip,
    '-t',
    '3',
    '-q:v',
    '4',
    '-f',
    'mjpeg',
    file,
  ]);
  return splitPictures(file);
}

async function makeBlackPicture(folder: string): Promise<Uint8Array | undefined> {
  const file = join(folder, 'black.mjpeg');
  const input = ['-f', 'lavfi', '-i', 'color=black:s=64x48:r=10:d=0.1'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...input, '-f', 'mjpeg', file]);
  return (await splitPictures(file))[0];
}

async function splitPictures(file: string): Promise<readonly Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  createJpegSplitter((jpeg) => pictures.push(jpeg))(await readFile(file));
  return pictures;
}
