import type { FoundCamera, FoundStream } from './port.ts';

/** A camera with the stream that was chosen for it. */
export interface ChosenCamera {
  readonly camera: FoundCamera;
  readonly stream?: FoundStream;
}

export interface CameraSettings {
  readonly fps: number;
  readonly credentialsFile?: string;
}

/** The `cameras` of agent.yaml. Every text is written as JSON, which is YAML too and cannot be left. */
export function formatYaml(cameras: readonly ChosenCamera[], settings: CameraSettings): string {
  return ['cameras:', ...cameras.flatMap((camera) => formatCamera(camera, settings)), ''].join('\n');
}

function formatCamera({ camera, stream }: ChosenCamera, settings: CameraSettings): readonly string[] {
  if (stream === undefined || camera.kind === 'failed') return [];
  const { address } = camera;
  const name = nameOf(camera);
  return [
    `  # ${name || 'camera'} at ${address}: ${describeStream(stream)}`,
    ...(stream.isCensored ? ['  # This camera wants its password within the address: fill in the ***.'] : []),
    `  - id: ${idOf(address)}`,
    ...(name === '' ? [] : [`    name: ${JSON.stringify(name)}`]),
    `    url: ${JSON.stringify(stream.url)}`,
    ...(settings.credentialsFile === undefined
      ? []
      : [`    credentialsFile: ${JSON.stringify(settings.credentialsFile)}`]),
    `    fps: ${settings.fps}`,
  ];
}

const nameOf = ({ maker, model }: Extract<FoundCamera, { kind: 'described' }>): string =>
  [maker, model].filter(Boolean).join(' ');

/** From its address, which is what people find it by; an id has small letters, digits and dashes. */
const idOf = (address: string): string =>
  `camera-${address.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.replace(/-+$/, '').slice(0, 64);

/** What was found, for people, with the chosen stream marked. */
export function formatList(cameras: readonly ChosenCamera[]): string {
  return cameras
    .flatMap(listCamera)
    .map((line) => `${line}\n`)
    .join('');
}

function listCamera({ camera, stream }: ChosenCamera): readonly string[] {
  if (camera.kind === 'failed') return [`${camera.detail} [${camera.code}]`];
  const { address, streams } = camera;
  const head = `${address}: ${nameOf(camera) || 'a camera without a name'}`;
  if (streams.length === 0) return [`${head}; it offers no stream`];
  return [head, ...streams.map((it) => `${it === stream ? '  > ' : '    '}${describeStream(it)}  ${it.url}`)];
}

function describeStream({ name, codec, width, height, framesPerSec }: FoundStream): string {
  const pace = framesPerSec === undefined ? '' : `, ${framesPerSec} fps`;
  return `${name === '' ? 'stream' : name}, ${codec} ${width}x${height}${pace}`;
}
