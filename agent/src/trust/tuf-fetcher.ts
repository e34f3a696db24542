import { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { agentError } from '../kernel/errors.ts';
import type { MetadataSource } from './port.ts';

/** Addresses of the updater; only the last part, the name, leaves it. */
export const METADATA_BASE_URL = 'https://metadata.invalid';

/**
 * What tuf-js fetches with: our transport, and a memory of what came, because tuf-js wraps every failure into a text.
 */
export class TufFetcher implements Fetcher {
  readonly #source: MetadataSource;
  readonly #signal: AbortSignal;
  readonly #fetched = new Map<string, Uint8Array>();
  #failure: AppError | undefined;

  constructor(source: MetadataSource, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Every document that came, by its name. */
  get fetched(): ReadonlyMap<string, Uint8Array> {
    return this.#fetched;
  }

  /** Why the last fetch failed, if it was not the content that was wrong. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  async downloadBytes(url: string, maxBytes: number): Promise<Buffer> {
    const name = new URL(url).pathname.slice(1);
    const bytes = await this.#fetch(name, maxBytes);
    if (bytes !== undefined) {
      this.#fetched.set(name, bytes);
      return Buffer.from(bytes);
    }
    // For a root this says that there is no newer one; anything else must be there.
    if (!/^\d+\.root\.json$/.test(name)) {
      this.#failure = agentError('DOWNLOAD_FAILED', `the server has no ${name}`);
    }
    throw new DownloadHTTPError(`no ${name}`, 404);
  }

  downloadFile(): Promise<never> {
    return Promise.reject(new Error('targets are fetched by digest, not by tuf-js'));
  }

  async #fetch(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#source(name, maxBytes, this.#signal);
    } catch (error) {
      if (error instanceof AppError) this.#failure = error;
      throw error;
    }
  }
}
