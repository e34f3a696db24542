import Type, { type Static } from 'typebox';
import { ID_PATTERN } from '../kernel/ids.ts';
import type { Problem } from '../kernel/parse.ts';
import { findCameraProblems, findViewProblems, SOURCE_KEYS } from './camera-rules.ts';
import { findSchemaProblems } from './find-problems.ts';
import {
  CameraConfig,
  EvidenceSettings,
  GovernorSettings,
  InferenceSettings,
  LogSettings,
  OutboxSettings,
  PicturesSettings,
  TelemetrySettings,
  UpdateSettings,
} from './settings.ts';

const closed = { additionalProperties: false } as const;

/** A name, never a path: which folder it is in, the box says. */
const FileName = (description: string) =>
  Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', description }));

/** Strict, so that everybody who reads it finds the same host. */
const Address = (schemes: string, description: string) =>
  Type.Optional(
    Type.String({
      pattern: `^(${schemes})://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:\\d{1,5})?(/[!-~]{0,1000})?$`,
      description: `${description}, without credentials, of another host than the box`,
    }),
  );

/** Any other device does something when it is opened: the watchdog ends the box. */
const VideoDevice = (description: string) =>
  Type.Optional(Type.String({ pattern: '^/dev/video\\d{1,3}$', description }));

const { id, ...changeable } = CameraConfig.properties;
const fleetCamera = {
  ...Type.Partial(Type.Object(changeable)).properties,
  url: Address('rtsps?|https?', 'RTSP stream or HTTP MJPEG stream'),
  stillUrl: Address('https?', 'address that gives one JPEG at each request'),
  device: VideoDevice('V4L2 device'),
  webcam: VideoDevice('still camera, asked by fswebcam'),
  file: FileName('name of a video in the media folder of the box'),
  folder: FileName('name of a folder in the media folder of the box'),
  credentialsFile: FileName('name of a file in the credentials folder of the box: the host of the address'),
};

const FleetCamera = Type.Object({ id, ...fleetCamera }, closed);
const CameraChange = Type.Object(
  {
    ...fleetCamera,
    remove: Type.Optional(Type.Literal(true, { description: 'the box has no such camera any more' })),
  },
  closed,
);
export type CameraChange = Static<typeof CameraChange>;

/**
 * What the fleet may set on a box: some of its settings, over those of its own file. What says who the box is, whom it
 * trusts and where it keeps its data is not among them: a fleet, or whoever took it over, could lock the box out.
 *
 * Nor can it make the box read what it likes: videos and credentials are names of files that somebody put into two
 * folders of the box for that, credentials are sent to no host but the one they are named for, and an address leads away
 * from the box.
 */
export const FleetSettings = Type.Object(
  {
    cameras: Type.Optional(
      Type.Array(FleetCamera, { maxItems: 64, description: 'all cameras, in place of those of the box' }),
    ),
    cameraChanges: Type.Optional(
      Type.Record(Type.String({ pattern: ID_PATTERN }), CameraChange, {
        ...closed,
        description: 'changes of single cameras, by their id',
      }),
    ),
    update: Type.Optional(
      Type.Object(
        {
          ...Type.Partial(UpdateSettings).properties,
          shadow: Type.Optional(Type.Partial(UpdateSettings.properties.shadow, closed)),
          probation: Type.Optional(Type.Partial(UpdateSettings.properties.probation, closed)),
        },
        closed,
      ),
    ),
    inference: Type.Optional(Type.Partial(InferenceSettings, closed)),
    outbox: Type.Optional(Type.Partial(OutboxSettings, closed)),
    telemetry: Type.Optional(Type.Partial(TelemetrySettings, closed)),
    pictures: Type.Optional(Type.Partial(PicturesSettings, closed)),
    evidence: Type.Optional(Type.Partial(EvidenceSettings, closed)),
    governor: Type.Optional(Type.Partial(GovernorSettings, closed)),
    log: Type.Optional(Type.Partial(LogSettings, closed)),
  },
  closed,
);
export type FleetSettings = Static<typeof FleetSettings>;

/** Signed and in base64 it must fit into one message. */
const MAX_BYTES = 65_536;

export type SettingsVerdict =
  | { readonly kind: 'sound'; readonly settings: FleetSettings }
  | { readonly kind: 'unsound'; readonly problems: readonly Problem[] };

/** Whether a fleet may set this: the same answer on the server, which is asked first, and on the box, which decides. */
export function judgeFleetSettings(value: unknown): SettingsVerdict {
  const problems = findSchemaProblems(FleetSettings, value);
  if (problems.length > 0) return { kind: 'unsound', problems };
  if (new TextEncoder().encode(JSON.stringify(value)).length > MAX_BYTES)
    return { kind: 'unsound', problems: [{ path: '/', message: `is longer than ${MAX_BYTES} bytes` }] };
  const settings = value as FleetSettings;
  const unsafe = [
    ...findCameraProblems(settings.cameras),
    ...(settings.cameras ?? []).flatMap((camera, index) => findUnsafe(camera, `/cameras/${index}`)),
    ...Object.entries(settings.cameraChanges ?? {}).flatMap(([name, change]) =>
      findChangeProblems(change, `/cameraChanges/${name}`),
    ),
  ];
  return unsafe.length === 0 ? { kind: 'sound', settings } : { kind: 'unsound', problems: unsafe };
}

function findChangeProblems(change: CameraChange, path: string): readonly Problem[] {
  const sources = SOURCE_KEYS.filter((key) => change[key] !== undefined);
  const isBoth = change.remove === true && Object.keys(change).length > 1;
  return [
    ...(isBoth ? [{ path, message: 'removes the camera and changes it' }] : []),
    ...(sources.length > 1 ? [{ path, message: `${sources.join(' and ')} are given: one is enough` }] : []),
    ...findUnsafe(change, path),
    ...findViewProblems(change, path),
  ];
}

/** Credentials stand for one host; without an address beside them it is open for which. */
function findUnsafe(
  { url, stillUrl, credentialsFile }: Pick<CameraChange, 'url' | 'stillUrl' | 'credentialsFile'>,
  path: string,
): readonly Problem[] {
  const [key, address] = stillUrl === undefined ? ['url', url] : ['stillUrl', stillUrl];
  const host = address === undefined ? undefined : hostOf(address);
  const problems: Problem[] = [];
  if (address !== undefined && host === undefined)
    problems.push({ path: `${path}/${key}`, message: 'is not an address' });
  if (host !== undefined && isOwnHost(host))
    problems.push({ path: `${path}/${key}`, message: `must not lead to the box itself: ${host}` });
  if (credentialsFile !== undefined && credentialsFile.toLowerCase() !== host)
    problems.push({
      path: `${path}/credentialsFile`,
      message: 'must be named as the host of the address beside it: they are sent to no other',
    });
  return problems;
}

/** As a browser reads it, so that no spelling of an address hides it. */
function hostOf(url: string): string | undefined {
  const address = url.replace(/^[a-z]+/i, 'http');
  if (!URL.canParse(address)) return undefined;
  return new URL(address).hostname;
}

/** This very machine and what is only on its link, such as a cloud's metadata. What a name leads to is not asked. */
const isOwnHost = (host: string): boolean =>
  /^(localhost\.?$|.*\.localhost\.?$|0\.|127\.|169\.254\.|\[::|\[fe[89ab])/.test(host);
