import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { BundleSignatures } from '@watchpost/shared/trust/signature.ts';
import type { Fetch } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import { type HttpStream, openHttpStream } from './http-stream.ts';
import { type ByteStream, receiveFile } from './part-file.ts';
import type { ArtifactSource } from './port.ts';

export interface HttpArtifactsOptions {
  readonly serverUrl: string;
  /** Value of the Authorization header. */
  readonly authorization: string;
  readonly stallMs?: number;
  /** Default: the one of Node. */
  readonly fetch?: Fetch;
}

type Get = (
  path: string,
  signal: AbortSignal,
  range?: Readonly<Record<string, string>>,
) => Promise<HttpStream>;

const STALL_MS = 30_000;
/** Manifests and signatures are read into memory. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;
const parseSignatures = createJsonParser(BundleSignatures, 'signatures of the bundle');

/** Bundles from the fleet server's API. */
export function createHttpArtifacts(options: HttpArtifactsOptions): ArtifactSource {
  const { serverUrl, authorization, stallMs = STALL_MS, fetch } = options;
  const base = `${serverUrl.replace(/\/+$/, '')}/api/v1`;
  const get: Get = (path, signal, range) =>
    openHttpStream(
      { url: `${base}/${path}`, headers: { ...range, authorization }, signal, stallMs, fetch },
      range === undefined ? [200] : [200, 206, 416],
    );

  return {
    fetchManifest: (digest, signal) => readDocument(get, `bundles/${digest}/manifest`, signal),
    fetchSignatures: async (digest, signal) => {
      const bytes = await readDocument(get, `bundles/${digest}/signatures`, signal);
      return parseSignatures(bytes).signatures;
    },
    fetchFile: (file, path, signal) =>
      receiveFile(file, path, (fromByte) => openArtifact(get, file.sha256, fromByte, signal)),
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
  // The entity tag of what is named by its content is its name.
  const range = { range: `bytes=${fromByte}-`, 'if-range': `"${sha256}"` };
  const { status, headers, chunks, discard } = await get(path, signal, range);
  if (status === 200) return { startByte: 0, chunks };
  const startByte = Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]);
  if (status === 206 && startByte === fromByte) return { startByte, chunks };
  await discard();
  if (status === 416) {
    throw agentError(
      'BUNDLE_DIGEST_MISMATCH',
      `what the server has as ${sha256} is shorter than ${fromByte} bytes`,
    );
  }
  throw agentError('DOWNLOAD_FAILED', `${path}: asked for bytes from ${fromByte}, got others`);
}
