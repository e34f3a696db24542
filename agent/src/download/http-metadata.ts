import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { Fetch } from '../identity/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { MetadataSource } from '../trust/port.ts';
import { type HttpStream, openHttpStream } from './http-stream.ts';

export interface HttpMetadataOptions {
  readonly serverUrl: string;
  /** Value of the Authorization header. */
  readonly authorization: string;
  /** Default: the one of Node. */
  readonly fetch?: Fetch | undefined;
  /** A connection without a byte for this long is given up. */
  readonly stallMs?: number;
  /** Metadata are small: a document that drips is given up, however steadily. */
  readonly documentMs?: number;
}

const STALL_MS = 15_000;
const DOCUMENT_MS = 60_000;

/** Trust metadata from the fleet server's API. */
export function createHttpMetadata(options: HttpMetadataOptions): MetadataSource {
  const { serverUrl, authorization, stallMs = STALL_MS, documentMs = DOCUMENT_MS } = options;
  const base = `${serverUrl.replace(/\/+$/, '')}/api/v1/tuf`;
  return async (name, maxBytes, signal) => {
    const url = `${base}/${encodeURIComponent(name)}`;
    const limit = AbortSignal.timeout(documentMs);
    const both = AbortSignal.any([signal, limit]);
    try {
      const stream = await openHttpStream(
        { url, headers: { authorization }, signal: both, stallMs, fetch: options.fetch },
        [200, 403, 404],
      );
      if (stream.status === 200) return await readAll(stream, url, maxBytes);
      await stream.discard();
      return undefined;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof AppError || !limit.aborted) throw cause;
      throw agentError('DOWNLOAD_FAILED', `${url} took longer than ${documentMs} ms`, { cause });
    }
  };
}

async function readAll({ chunks }: HttpStream, url: string, maxBytes: number): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw agentError('TRUST_INVALID', `${url} is longer than ${maxBytes} bytes`);
    read.push(chunk);
  }
  return Buffer.concat(read);
}
