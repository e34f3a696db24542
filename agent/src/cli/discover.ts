import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { findHindrance, findOffers } from '../capture/decode/decode-offers.ts';
import { readDecodeFacts } from '../capture/decode/decode-trial.ts';
import { HARDWARE_METHODS } from '../capture/ffmpeg/decode-method.ts';
import { readCredentials } from '../capture/sources/credentials-file.ts';
import { chooseStream, type Need } from '../discovery/choose-stream.ts';
import { type ChosenCamera, formatList, formatYaml } from '../discovery/describe-cameras.ts';
import { findOnvifCameras } from '../discovery/onvif-cameras.ts';
import type { Search } from '../discovery/port.ts';
import { agentError } from '../kernel/errors.ts';

const HELP = `watchpost-agent discover: finds the ONVIF cameras of the network and chooses the stream of each
that is best for a model: large enough for its input, and of those the cheapest to decode.
The cameras for agent.yaml go to standard output, what was found to standard error.

  watchpost-agent discover [--interface NAME] [--timeout SEC] [--credentials-file FILE] [--json]
  watchpost-agent discover --host HOST[:PORT] [--host ...] ...

  --host HOST[:PORT]       ask this camera instead of calling into the network
  --interface NAME         search the network of this interface, for example eth1
  --timeout SEC            how long answers are waited for (default 5)
  --credentials-file FILE  \`user:password\` of the cameras; most tell nothing without
  --model-input WxH        size of the model's input (default 224x224)
  --fps N                  frames that will be classified per second (default 5)
  --json                   everything that was found, as JSON

Exit code: 0 a stream was found for at least one camera, 1 for none, 2 wrong use.
No password is printed.
`;

interface Output {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

interface Wanted {
  readonly search: Search;
  readonly need: Need;
  readonly credentialsFile?: string;
  readonly isJson: boolean;
}

/**
 * `watchpost-agent discover`
 * @throws AppError DISCOVERY_EMPTY, DISCOVERY_FAILED, CAMERA_AUTH, USAGE_INVALID
 */
export async function runDiscover(args: readonly string[], { stdout, stderr }: Output): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', multiple: true, default: [] },
      interface: { type: 'string' },
      timeout: { type: 'string', default: '5' },
      'credentials-file': { type: 'string' },
      'model-input': { type: 'string', default: '224x224' },
      fps: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    stdout.write(HELP);
    return 0;
  }
  const wanted = await readWishes(values);
  const cameras = await findOnvifCameras(wanted.search);
  if (cameras.length === 0) {
    throw agentError('DISCOVERY_EMPTY', `no ONVIF camera answered in ${wanted.search.timeoutMs / 1000} s`);
  }
  const chosen = cameras.map((camera): ChosenCamera => {
    const stream = camera.kind === 'described' ? chooseStream(camera.streams, wanted.need) : undefined;
    return { camera, ...(stream !== undefined && { stream }) };
  });
  report(chosen, wanted, { stdout, stderr });
  return chosen.some(({ stream }) => stream !== undefined) ? 0 : 1;
}

async function readWishes(values: {
  readonly host: readonly string[];
  readonly interface?: string;
  readonly timeout: string;
  readonly 'credentials-file'?: string;
  readonly 'model-input': string;
  readonly fps: string;
  readonly json: boolean;
}): Promise<Wanted> {
  const size = /^(\d{1,5})x(\d{1,5})$/.exec(values['model-input']);
  if (size === null)
    throw agentError('USAGE_INVALID', '--model-input is not WIDTHxHEIGHT, for example 224x224');
  const credentialsFile = values['credentials-file'];
  const timeoutMs = readNumber('--timeout', values.timeout, 1, 120) * 1000;
  return {
    search: {
      hosts: values.host,
      timeoutMs,
      ...(values.interface !== undefined && { networkInterface: values.interface }),
      ...(credentialsFile !== undefined && { login: await readCredentials(credentialsFile) }),
    },
    need: {
      width: Number(size[1]),
      height: Number(size[2]),
      fps: readNumber('--fps', values.fps, 0.2, 30),
      hardware: await findHardware(),
    },
    ...(credentialsFile !== undefined && { credentialsFile: resolve(credentialsFile) }),
    isJson: values.json,
  };
}

/** ffmpeg's names of codecs that this box may decode by hardware. */
const CODECS = [
  ['H264', 'h264'],
  ['H265', 'hevc'],
  ['JPEG', 'mjpeg'],
] as const;

async function findHardware(): Promise<Need['hardware']> {
  const offers = findOffers(await readDecodeFacts('ffmpeg'));
  const isOffered = (codec: string): boolean =>
    HARDWARE_METHODS.some((method) => findHindrance(offers[method], codec) === undefined);
  return CODECS.filter(([, name]) => isOffered(name)).map(([codec]) => codec);
}

function readNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw agentError('USAGE_INVALID', `${flag} is not a number from ${least} to ${most}`);
}

function report(cameras: readonly ChosenCamera[], wanted: Wanted, { stdout, stderr }: Output): void {
  const { need, credentialsFile, isJson } = wanted;
  if (isJson) {
    const found = cameras.map(({ camera, stream }) => ({ ...camera, chosen: stream?.url }));
    stdout.write(`${JSON.stringify({ cameras: found })}\n`);
    return;
  }
  stderr.write(formatList(cameras));
  if (!cameras.some(({ stream }) => stream !== undefined)) return;
  const settings = { fps: need.fps, ...(credentialsFile !== undefined && { credentialsFile }) };
  stdout.write(formatYaml(cameras, settings));
}
