import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArtifactSource } from '../../agent/src/download/port.ts';
import { contentOf, flipByte, makeBundle, type TestBundle } from '../support/test-bundle.ts';

export interface SourceUnderTest {
  readonly source: ArtifactSource;
  publish(bundle: TestBundle): void;
  /** Replaces, or takes away, the bytes served under a digest. */
  serve(sha256: string, bytes: Uint8Array | undefined): void;
  /** The next call fails for want of a connection. */
  interrupt(sha256: string): void;
  close(): Promise<void>;
}

const BUNDLE = makeBundle();
const { sha256, bytes } = contentOf(BUNDLE, 'model.onnx');
const FILE = { sha256, sizeBytes: bytes.length };
const signal = () => AbortSignal.timeout(20_000);

/** What every source of bundles promises. */
export function artifactSourceContract(name: string, make: () => Promise<SourceUnderTest>): void {
  const check = (title: string, body: (it: SourceUnderTest, folder: string) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'watchpost-source-'));
      const it = await make();
      it.publish(BUNDLE);
      try {
        await body(it, folder);
      } finally {
        await it.close();
        await rm(folder, { recursive: true, force: true });
      }
    });
  };

  check('a manifest comes byte for byte', async ({ source }) => {
    const manifest = await source.fetchManifest(BUNDLE.digest, signal());
    assert.deepEqual(Buffer.from(manifest), Buffer.from(BUNDLE.manifestBytes));
  });

  check('a bundle that is not there is missing', async ({ source }) => {
    const unknown = '0'.repeat(64);
    await assert.rejects(source.fetchManifest(unknown, signal()), { code: 'BUNDLE_FILE_MISSING' });
  });

  check('a file lands where it was asked for, and nothing beside it', async ({ source }, folder) => {
    await source.fetchFile(FILE, join(folder, 'file'), signal());
    assert.deepEqual(await readdir(folder), ['file']);
    assert.deepEqual(await readFile(join(folder, 'file')), Buffer.from(bytes));
  });

  check('a file that is not there is missing', async ({ source, serve }, folder) => {
    serve(sha256, undefined);
    const fetching = source.fetchFile(FILE, join(folder, 'file'), signal());
    await assert.rejects(fetching, { code: 'BUNDLE_FILE_MISSING' });
  });

  check('a file with one flipped byte is refused and does not land', async ({ source, serve }, folder) => {
    serve(sha256, flipByte(bytes, 100_000));
    const fetching = source.fetchFile(FILE, join(folder, 'file'), signal());
    await assert.rejects(fetching, { code: 'BUNDLE_DIGEST_MISMATCH' });
    assert.deepEqual(await readdir(folder), []);
  });

  check(
    'after an interruption the file does not stand there, and the next try brings it',
    async (it, folder) => {
      it.interrupt(sha256);
      const path = join(folder, 'file');
      await assert.rejects(it.source.fetchFile(FILE, path, signal()), { code: 'DOWNLOAD_FAILED' });
      assert.ok(!(await readdir(folder)).includes('file'));
      await it.source.fetchFile(FILE, path, signal());
      assert.deepEqual(await readFile(path), Buffer.from(bytes));
    },
  );

  check('an aborted call rejects with the reason of the signal', async ({ source }, folder) => {
    const stopped = AbortSignal.abort(new Error('told to stop'));
    await assert.rejects(source.fetchManifest(BUNDLE.digest, stopped), { message: 'told to stop' });
    await assert.rejects(source.fetchFile(FILE, join(folder, 'file'), stopped), { message: 'told to stop' });
  });
}
