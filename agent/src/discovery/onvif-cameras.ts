import { networkInterfaces } from 'node:os';
import onvif from 'onvif/promises/index.js';
import { describeConnectFailure } from '../kernel/connect-failure.ts';
import { agentError } from '../kernel/errors.ts';
import { checkCameraIdentity, trustedAuthorities } from '../kernel/trusted-authorities.ts';
import { cleanStreamUrl, cleanText } from './clean-text.ts';
import type { FindCameras, FoundCamera, FoundStream, Search } from './port.ts';

/** Where the device service of a camera is. */
interface Service {
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  readonly isSecure: boolean;
}

type Described = Extract<FoundCamera, { kind: 'described' }>;
type Cam = InstanceType<typeof onvif.Cam>;

const USUAL_PATH = '/onvif/device_service';
/** A camera that answers each question just in time must not hold up the others for ever. */
const QUESTIONS = 6;

/** Asks ONVIF cameras (profile S and T) what they are and what they send. */
export const findOnvifCameras: FindCameras = async (search) => {
  const services = search.hosts.length > 0 ? search.hosts.map(serviceOf) : await probeNetwork(search);
  const found = await Promise.all(services.map((service) => describeCamera(service, search)));
  return found.toSorted((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
};

function serviceOf(host: string): Service {
  const url = URL.parse(host.includes('://') ? host : `http://${host}`);
  if (url === null || url.username !== '') {
    throw agentError('USAGE_INVALID', `--host ${host.replace(/.*@/, '***@')} is not HOST or HOST:PORT`);
  }
  return toService(url);
}

function toService(url: URL, hostname = url.hostname): Service {
  const isSecure = url.protocol === 'https:';
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isSecure ? 443 : 80),
    path: url.pathname.length > 1 ? url.pathname : USUAL_PATH,
    isSecure,
  };
}

/** WS-Discovery: who answers the call into the network. */
async function probeNetwork({ networkInterface, timeoutMs }: Search): Promise<readonly Service[]> {
  if (networkInterface !== undefined && !(networkInterface in networkInterfaces())) {
    const known = Object.keys(networkInterfaces()).join(', ');
    throw agentError('USAGE_INVALID', `there is no interface ${networkInterface}; there are ${known}`);
  }
  const services = new Map<string, Service>();
  const onDevice = (answer: unknown, { address }: { readonly address: string }): void => {
    const service = readAnswer(answer, address);
    if (service !== undefined) services.set(`${service.hostname}:${service.port}`, service);
  };
  const { Discovery } = onvif;
  Discovery.on('device', onDevice);
  // Whoever answers nonsense is no camera.
  const onError = (): void => undefined;
  Discovery.on('error', onError);
  try {
    const device = networkInterface === undefined ? {} : { device: networkInterface };
    await Discovery.probe({ timeout: timeoutMs, resolve: false, ...device });
  } catch (cause) {
    if (cause instanceof Error) {
      throw agentError('DISCOVERY_FAILED', `the network cannot be searched: ${cause.message}`, { cause });
    }
  } finally {
    Discovery.off('device', onDevice);
    Discovery.off('error', onError);
  }
  return [...services.values()];
}

interface ProbeAnswer {
  readonly probeMatches?: { readonly probeMatch?: { readonly XAddrs?: unknown } };
}

/** The login goes to whoever answered, never to a host that the answer names. */
function readAnswer(answer: unknown, address: string): Service | undefined {
  const told = (answer as ProbeAnswer).probeMatches?.probeMatch?.XAddrs;
  const urls = String(told ?? '')
    .split(/\s+/)
    .flatMap((text) => URL.parse(text) ?? [])
    .filter(({ protocol }) => protocol === 'http:' || protocol === 'https:');
  const url = urls.find(({ hostname }) => hostname === address) ?? urls[0];
  return url === undefined ? undefined : toService(url, address);
}

async function describeCamera(service: Service, search: Search): Promise<FoundCamera> {
  const { hostname, port, isSecure } = service;
  const isUsual = port === (isSecure ? 443 : 80);
  const address = isUsual ? hostname : `${hostname}:${port}`;
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error('Network timeout')), search.timeoutMs * QUESTIONS);
  try {
    return await Promise.race([askCamera(service, address, search), limit.promise]);
  } catch (error) {
    return { kind: 'failed', address, ...describeFailure(error, address) };
  } finally {
    clearTimeout(timer);
  }
}

async function askCamera(service: Service, address: string, search: Search): Promise<Described> {
  const { hostname, port, path, isSecure } = service;
  const { timeoutMs: timeout, login } = search;
  const camera = new onvif.Cam({
    ...{ hostname, port, path, timeout, preserveAddress: true },
    ...(isSecure && {
      useSecure: true,
      secureOpts: { ca: trustedAuthorities(), checkServerIdentity: checkCameraIdentity },
    }),
    ...(login !== undefined && { username: login.user, password: login.password }),
  });
  await camera.connect();
  const { manufacturer, model } = (await camera.getDeviceInformation()) as Record<string, unknown>;
  const streams: FoundStream[] = [];
  for (const profile of profilesOf(camera)) {
    const stream = await readStream(camera, profile, login?.password);
    if (stream !== undefined) streams.push(stream);
  }
  return { kind: 'described', address, maker: cleanText(manufacturer), model: cleanText(model), streams };
}

/** As the package reads it out of what the camera sends: nothing of it is sure. */
interface Profile {
  readonly $?: { readonly token?: string };
  readonly name?: unknown;
  readonly videoEncoderConfiguration?: {
    readonly encoding?: unknown;
    readonly resolution?: { readonly width?: unknown; readonly height?: unknown };
    readonly rateControl?: { readonly frameRateLimit?: unknown };
  };
}

function profilesOf(camera: Cam): readonly Profile[] {
  const { profiles } = camera as unknown as { readonly profiles?: readonly Profile[] | Profile };
  return [profiles ?? []].flat();
}

interface StreamUri {
  readonly uri?: unknown;
  /** Where profile S has it. */
  readonly mediaUri?: { readonly uri?: unknown };
}

/** The types of the package know the method without its options. */
async function askStreamUri(camera: Cam, profileToken: string): Promise<StreamUri> {
  const { getStreamUri } = camera as unknown as {
    getStreamUri(options: { readonly protocol: string; readonly profileToken: string }): Promise<StreamUri>;
  };
  const answer = await getStreamUri({ protocol: 'RTSP', profileToken }).catch(() => undefined);
  return answer ?? {};
}

async function readStream(camera: Cam, profile: Profile, secret?: string): Promise<FoundStream | undefined> {
  const profileToken = profile.$?.token;
  const { encoding, resolution, rateControl } = profile.videoEncoderConfiguration ?? {};
  const [width, height] = [Number(resolution?.width), Number(resolution?.height)];
  if (profileToken === undefined || !(width > 0 && height > 0)) return undefined;
  const { uri, mediaUri } = await askStreamUri(camera, profileToken);
  const clean = cleanStreamUrl(uri ?? mediaUri?.uri, secret);
  if (clean === undefined) return undefined;
  const framesPerSec = Number(rateControl?.frameRateLimit);
  return {
    ...{ name: cleanText(profile.name), ...clean, codec: codecOf(encoding), width, height },
    ...(framesPerSec > 0 && { framesPerSec }),
  };
}

function codecOf(encoding: unknown): FoundStream['codec'] {
  const name = String(encoding)
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
  if (name.startsWith('H264')) return 'H264';
  if (name.startsWith('H265') || name.startsWith('HEVC')) return 'H265';
  if (name.startsWith('MPEG4') || name.startsWith('MPV4')) return 'MPEG4';
  return name.includes('JPEG') ? 'JPEG' : 'unknown';
}

/** The package words its errors, and keeps no codes. */
function describeFailure(
  error: unknown,
  address: string,
): Pick<Extract<FoundCamera, { kind: 'failed' }>, 'code' | 'detail'> {
  const message = error instanceof Error ? error.message : String(error);
  if (/authentication (failed|headers)|NotAuthorized|not authori[sz]ed|Unauthorized/i.test(message))
    return { code: 'CAMERA_AUTH', detail: `${address}: user and password are not accepted` };
  if (/Network timeout/.test(message))
    return { code: 'CAMERA_TIMEOUT', detail: `${address}: no answer in time` };
  const nonsense = findNonsense(error, message);
  return nonsense === undefined
    ? describeConnectFailure(error, address)
    : { code: 'CAMERA_FORMAT', detail: `${address}: it does not speak ONVIF (${nonsense})` };
}

/** What the package takes for granted in an answer, and does not find, is a mistake of types to it. */
function findNonsense(error: unknown, message: string): string | undefined {
  if (error instanceof TypeError) return 'its answers lack something';
  if (error instanceof Error && 'code' in error && /^HPE_/.test(String(error.code)))
    return 'it does not speak HTTP';
  return /SOAP|digest/i.test(message) ? cleanText(message) : undefined;
}
