import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import { createHttpArtifacts } from '../../agent/src/download/http-artifacts.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';

/**
 * The download of a bundle in a process of its own, to be killed: `node downloading-agent.ts <server> <data> <digest>`.
 * Tries until everything is there.
 */
const [serverUrl = '', dataDir = '', digest = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const source = createHttpArtifacts({ serverUrl, authorization: 'Basic eDp5', stallMs: 5_000 });
const bundles = await openFileBundleStore({ dataDir, log: silentLogger, reserveBytes: 0 });

async function download(): Promise<void> {
  const bytes = await source.fetchManifest(digest, signal);
  const manifest = parseManifest(JSON.parse(Buffer.from(bytes).toString()));
  const missing = await bundles.listMissing(manifest);
  await bundles.checkRoom(missing);
  for (const file of missing) await source.fetchFile(file, bundles.objectPath(file), signal);
}

async function attempt(): Promise<boolean> {
  try {
    await download();
    return true;
  } catch (error) {
    if (!isAppError(error, 'SERVER_UNREACHABLE', 'DOWNLOAD_FAILED')) throw error;
    return false;
  }
}

while (!(await attempt())) await waitMs(20, signal);
