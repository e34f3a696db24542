import { useEffect, useState } from 'react';
import { type Api, ApiError } from '../api/client.ts';
import { useServices } from '../services.ts';

/** As often as boxes send pictures while somebody watches. */
const REFRESH_MS = 1000;

interface PictureRequest {
  readonly device: string;
  readonly camera: string;
  /** False stops asking: out of sight, or no picture to be had. */
  readonly wanted: boolean;
  /** False asks once: nothing new can come. */
  readonly changing: boolean;
}

/**
 * The address of the camera's latest picture, asked for each second. A picture is shown once it is decoded, so the
 * card never blinks, and a broken one never replaces a good one.
 */
export function usePicture({ device, camera, wanted, changing }: PictureRequest): string | undefined {
  const { api } = useServices();
  const [url, setUrl] = useState<string>();

  useEffect(() => {
    if (!wanted) return;
    const stop = new AbortController();
    void follow({ api, device, camera, changing, signal: stop.signal, show: setUrl });
    return () => stop.abort();
  }, [api, device, camera, wanted, changing]);

  useEffect(() => () => revoke(url), [url]);
  return url;
}

interface Following {
  readonly api: Api;
  readonly device: string;
  readonly camera: string;
  readonly changing: boolean;
  readonly signal: AbortSignal;
  readonly show: (url: string) => void;
}

async function follow({ api, device, camera, changing, signal, show }: Following): Promise<void> {
  let version: string | undefined;
  while (!signal.aborted) {
    const picture = await api.picture(device, camera, signal).catch(expectFailure);
    const isNew = picture !== undefined && (picture.version === undefined || picture.version !== version);
    if (isNew && !signal.aborted) {
      version = picture.version;
      const url = await decode(picture.jpeg);
      if (url !== undefined) show(url);
    }
    if (!changing) return;
    await pause(REFRESH_MS, signal);
  }
}

/** The last picture stays while the server does not answer; the banner says that it does not. */
function expectFailure(error: unknown): undefined {
  const expected =
    error instanceof ApiError || (error instanceof DOMException && error.name === 'AbortError');
  if (!expected) throw error;
}

async function decode(jpeg: Blob): Promise<string | undefined> {
  const url = URL.createObjectURL(jpeg);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return url;
  } catch {
    revoke(url);
    return undefined;
  }
}

function revoke(url: string | undefined): void {
  if (url !== undefined) URL.revokeObjectURL(url);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
