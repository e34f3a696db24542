import { PictureReply } from '@watchpost/shared/api/fleet.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { type Fetch, formatDeviceAuthorization, type Identity } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';

export interface PictureSource {
  readonly id: string;
  latestPicture(): Uint8Array | undefined;
}

export interface PicturesDeps {
  readonly sources: readonly PictureSource[];
  readonly serverUrl: string;
  readonly identity: Identity;
  /** Pace while nobody watches, and after a failure. */
  readonly idleSec: number;
  /** Default: the one of Node. */
  readonly fetch?: Fetch;
  readonly log: Logger;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MIN_WAIT_SEC = 0.5;
/** How long to wait for the first picture of a camera. */
const NO_PICTURE_SEC = 1;

const parseReply = createJsonParser(PictureReply, 'reply to a picture');

/** Sends each camera's latest picture to the server, at the pace the server asks for: fast only while somebody watches. */
export function createHttpPictures(deps: PicturesDeps): Component {
  const stopping = new AbortController();
  let loops: readonly Promise<void>[] = [];
  return {
    name: 'pictures',
    start: async () => {
      loops = deps.sources.map((source) => sendPictures(source, deps, stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function sendPictures(source: PictureSource, deps: PicturesDeps, signal: AbortSignal): Promise<void> {
  let sent: Uint8Array | undefined;
  let waitSec = NO_PICTURE_SEC;
  while (!signal.aborted) {
    const picture = source.latestPicture();
    if (picture !== undefined && picture !== sent) {
      waitSec = await sendPicture(source.id, picture, deps, signal);
      sent = picture;
    }
    await waitMs(waitSec * 1000, signal);
  }
}

/** @returns how many seconds to wait before the next one */
async function sendPicture(
  camera: string,
  jpeg: Uint8Array,
  deps: PicturesDeps,
  signal: AbortSignal,
): Promise<number> {
  try {
    const reply = await putPicture(camera, jpeg, deps, signal);
    return Math.min(Math.max(reply.nextInSec, MIN_WAIT_SEC), deps.idleSec);
  } catch (error) {
    deps.log.debug({ camera, error: describeError(error) }, 'picture not sent');
    return deps.idleSec;
  }
}

async function putPicture(camera: string, jpeg: Uint8Array, deps: PicturesDeps, signal: AbortSignal) {
  const url = new URL(`/api/v1/device/cameras/${camera}/picture`, deps.serverUrl);
  const { fetch: send = fetch } = deps;
  const response = await send(url, {
    method: 'PUT',
    body: new Uint8Array(jpeg),
    headers: { 'content-type': 'image/jpeg', authorization: formatDeviceAuthorization(deps.identity) },
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  }).catch((cause: unknown) => {
    throw agentError('SERVER_UNREACHABLE', `sending the picture of camera ${camera} to ${url.origin}`, {
      cause,
    });
  });
  if (!response.ok) {
    throw agentError(
      'SERVER_UNREACHABLE',
      `${url.origin} answered ${response.status} to the picture of camera ${camera}`,
    );
  }
  return parseReply(await response.text());
}
