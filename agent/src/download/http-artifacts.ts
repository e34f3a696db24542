import type { Fetch } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import { type HttpStream, openHttpStream } from './http-stream.ts';
import { createPace } from './paced-chunks.ts';
import { type ByteStream, receiveFile } from './part-file.ts';
import type { ArtifactSource } from './port.ts';
import type { ThroughputPolicy } from './throughput.ts';

export interface HttpArtifactsOptions {
  readonly serverUrl: string;
  /** Value of the Authorization header. */
  readonly authorization: string;
  readonly stallMs?: number;
  readonly slowest?: ThroughputPolicy;
  /** For all downloads together; no limit when it is not given. */
  readonly maxBytesPerSec?: number;
  /** Default: the one of Node. */
  readonly fetch?: Fetch;
}

type Get = (
  path: string,
  signal: AbortSignal,
  range?: Readonly<Record<string, string>>,
) => Promise<HttpStream>;

const STALL_MS = 30_000;
/** Manifests are read into memory. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Bundles from the fleet server's API. */
export function createHttpArtifacts(options: HttpArtifactsOptions): ArtifactSource {
  const { serverUrl, authorization, slowest, maxBytesPerSec, stallMs = STALL_MS, fetch } = options;
  const base = `${serverUrl.replace(/\/+$/, '')}/api/v1`;
  const pace = maxBytesPerSec === undefined ? undefined : createPace(maxBytesPerSec);
  const get: Get = (path, signal, range) =>
    openHttpStream(
      {
        url: `${base}/${path}`,
        headers: { ...range, authorization },
        signal,
        stallMs,
        ...(slowest && { slowest }),
        fetch,
      },
      range === undefined ? [200] : [200, 206, 416],
    );

  return {
    fetchManifest: (digest, signal) => readDocument(get, `bundles/${digest}/manifest`, signal),
    fetchFile: (file, path, signal) =>
      receiveFile(file, path, async (fromByte) => {
        const stream = await openArtifact(get, file.sha256, fromByte, signal);
        return pace === undefined ? stream : { ...stream, chunks: pace(stream.chunks, signal) };
      }),
  };
}

async function readDocument(get: Get, path: string, signal: AbortSignal): Promise<Uint8Array> {
  const { chunks } = await get(path, signal);
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_DOCUMENT_BYTES) {
      throw agentError('BUNDLE_DIGEST_MISMATCH', `${path} is longer than ${MAX_DOCUMENT_BYTES} bytes`);
    }
    read.push(chunk);
  }
  return Buffer.concat(read);
}

async function openArtifact(
  get: Get,
  sha256: string,
  fromByte: number,
  signal: AbortSignal,
): Promise<ByteStream> {
  const path = `artifacts/${sha256}`;
  if (fromByte === 0) return { startByte: 0, chunks: (await get(path, signal)).chunks };
  const range = { range: `bytes=${fromByte}-` };
  // The entity tag of what is named by its content is its name.
  const named = await get(path, signal, { ...range, 'if-range': `"${sha256}"` });
  if (named.status !== 200) return readRange(named, path, fromByte);
  // A proxy may tag it otherwise. What is here is not fetched again for that: the digest of the whole decides.
  await named.discard();
  const plain = await get(path, signal, range);
  return plain.status === 200 ? { startByte: 0, chunks: plain.chunks } : readRange(plain, path, fromByte);
}

async function readRange(
  { status, headers, chunks, discard }: HttpStream,
  path: string,
  fromByte: number,
): Promise<ByteStream> {
  const startByte = Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]);
  if (status === 206 && startByte === fromByte) return { startByte, chunks };
  await discard();
  if (status === 416) {
    throw agentError(
      'BUNDLE_DIGEST_MISMATCH',
      `what the server has as ${path} is shorter than ${fromByte} bytes`,
    );
  }
  throw agentError('DOWNLOAD_FAILED', `${path}: asked for bytes from ${fromByte}, got others`);
}
