import { rename, writeFile } from 'node:fs/promises';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { AppError } from '@watchpost/shared/kernel/errors.ts';
import type { ArtifactSource } from '../../agent/src/download/port.ts';
import { agentError } from '../../agent/src/kernel/errors.ts';
import type { TestBundle } from './test-bundle.ts';

/** Bundles in memory; `fetched` lists what was asked for, in order. */
export interface FakeArtifactSource extends ArtifactSource {
  readonly fetched: readonly string[];
  /** By sha256. */
  readonly files: Map<string, Uint8Array>;
  publish(bundle: TestBundle): void;
  /** What the next calls reject with. */
  failNext(...errors: readonly AppError[]): void;
  /** Calls wait from now on, until they are aborted or `release` is called. Resolves when the first one waits. */
  hold(): Promise<void>;
  release(): void;
}

export function createFakeArtifactSource(): FakeArtifactSource {
  const bundles = new Map<string, TestBundle>();
  const files = new Map<string, Uint8Array>();
  const fetched: string[] = [];
  const failures: AppError[] = [];
  let gate: PromiseWithResolvers<void> | undefined;
  let waiting = Promise.withResolvers<void>();

  const begin = async (what: string, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    fetched.push(what);
    if (gate !== undefined) {
      waiting.resolve();
      const aborted = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
      await Promise.race([gate.promise, aborted.promise]);
    }
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  };
  const find = (digest: string): TestBundle => {
    const bundle = bundles.get(digest);
    if (bundle === undefined) throw agentError('BUNDLE_FILE_MISSING', `there is no bundle ${digest}`);
    return bundle;
  };

  return {
    fetched,
    files,
    publish: (bundle) => {
      bundles.set(bundle.digest, bundle);
      for (const bytes of bundle.files.values()) files.set(sha256Hex(bytes), bytes);
    },
    failNext: (...errors) => void failures.push(...errors),
    hold: () => {
      gate = Promise.withResolvers();
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    release: () => {
      gate?.resolve();
      gate = undefined;
    },
    fetchManifest: async (digest, signal) => {
      await begin(`manifest ${digest}`, signal);
      return find(digest).manifestBytes;
    },
    fetchFile: async ({ sha256 }, path, signal) => {
      await begin(`file ${sha256}`, signal);
      const bytes = files.get(sha256);
      if (bytes === undefined) throw agentError('BUNDLE_FILE_MISSING', `there is no file ${sha256}`);
      if (sha256Hex(bytes) !== sha256)
        throw agentError('BUNDLE_DIGEST_MISMATCH', `${sha256} is another file`);
      await writeFile(`${path}.fake`, bytes);
      await rename(`${path}.fake`, path);
    },
  };
}
