import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import { syncFolder } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { loadRecord } from '../kernel/record-file.ts';
import { inStore } from '../kernel/store-error.ts';
import { layOut, loadBundle, loadManifest } from './bundle-folder.ts';
import { checkRoom, dropDamaged, objectPath } from './object-files.ts';
import type { ActiveRecord, BundleStore, InstalledBundle } from './port.ts';
import { parseActiveRecord, parseDeploymentRecord, parseOrderMark, saveRecord } from './state-files.ts';

export interface FileBundleStoreOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Room a download leaves for outbox and logs. */
  readonly reserveBytes?: number;
}

const RESERVE_BYTES = 64 * 1024 * 1024;

function pathsBelow(dataDir: string) {
  return {
    /** <digest>/: manifest.json and the files. */
    bundles: join(dataDir, 'bundles'),
    /** <sha256>: hard links of the files of the bundles, and downloads. */
    objects: join(dataDir, 'objects'),
    active: join(dataDir, 'active.json'),
    next: join(dataDir, 'active.next.json'),
    deployment: join(dataDir, 'deployment.json'),
    orderMark: join(dataDir, 'order.json'),
  } as const;
}

/** Bundles and records as files below `dataDir`. */
export async function openFileBundleStore(options: FileBundleStoreOptions): Promise<BundleStore> {
  const { dataDir, log, reserveBytes = RESERVE_BYTES } = options;
  const paths = pathsBelow(dataDir);
  const { bundles, objects } = paths;
  await inStore(`preparing ${dataDir}`, async () => {
    await mkdir(bundles, { recursive: true });
    await mkdir(objects, { recursive: true });
  });
  const readActive = () => loadRecord(paths.active, parseActiveRecord, log);

  return {
    readActive: () => inStore(`reading ${paths.active}`, readActive),
    loadActive: () => inStore('loading the active bundle', () => loadActive(paths, log)),
    readDeployment: () =>
      inStore(`reading ${paths.deployment}`, () => loadRecord(paths.deployment, parseDeploymentRecord, log)),
    saveDeployment: (record) =>
      inStore(`writing ${paths.deployment}`, () => saveRecord(paths.deployment, record)),
    readOrderMark: () =>
      inStore(`reading ${paths.orderMark}`, () => loadRecord(paths.orderMark, parseOrderMark, log)),
    saveOrderMark: (mark) => inStore(`writing ${paths.orderMark}`, () => saveRecord(paths.orderMark, mark)),
    listMissing: ({ files }) => inStore(`reading ${objects}`, () => dropDamaged(objects, files)),
    checkRoom: (files) => inStore(`looking at ${objects}`, () => checkRoom(objects, files, reserveBytes)),
    objectPath: (file) => objectPath(objects, file),
    install: (manifest) =>
      inStore('installing a bundle', async () => {
        const digest = digestOf(manifest);
        const folder = join(bundles, digest);
        const present = await loadBundle(folder, digest).catch(onlyCoded);
        if (present !== undefined) return present;
        await layOut(manifest, { objects, folder });
        // What was laid out is read once more: a file may have changed since it was found to be the right one.
        return loadBundle(folder, digest);
      }),
    prepareSwitch: (digest, deploymentId) =>
      inStore(`writing ${paths.next}`, async () => {
        const before = await readActive();
        const previousDigest = before?.digest === digest ? before.previousDigest : before?.digest;
        const next = { digest, deploymentId, ...(previousDigest === undefined ? {} : { previousDigest }) };
        await saveRecord(paths.next, next);
      }),
    commitSwitch: () =>
      inStore(`writing ${paths.active}`, async () => {
        await rename(paths.next, paths.active);
        await syncFolder(dataDir);
      }),
    removeUnused: () => inStore('removing unused bundles', () => removeUnused(paths, log)),
  };
}

type Paths = ReturnType<typeof pathsBelow>;

async function loadActive(paths: Paths, log: Logger): Promise<InstalledBundle | undefined> {
  const active = await loadRecord(paths.active, parseActiveRecord, log);
  for (const digest of keptDigests(active)) {
    // A dying disk fails in many ways; whatever it is, the other bundle may still run.
    const bundle = await loadBundle(join(paths.bundles, digest), digest).catch((error: unknown) => {
      log.error({ digest, error: describeError(error) }, 'bundle on this box is damaged');
      return undefined;
    });
    if (bundle === undefined) continue;
    if (active !== undefined && digest !== active.digest) {
      await saveRecord(paths.active, { digest, deploymentId: active.deploymentId });
    }
    return bundle;
  }
  // Nothing that is written here can run: the next order brings a bundle again.
  await rm(paths.active, { force: true });
  return undefined;
}

async function removeUnused(paths: Paths, log: Logger): Promise<void> {
  const digests = keptDigests(await loadRecord(paths.active, parseActiveRecord, log));
  const kept = await Promise.all(
    digests.map((digest) => loadManifest(join(paths.bundles, digest)).catch(onlyCoded)),
  );
  const contents = kept.flatMap((manifest) => manifest?.files.map(({ sha256 }) => sha256) ?? []);
  await removeOthers(paths.bundles, digests);
  await removeOthers(paths.objects, contents);
}

function keptDigests(active: ActiveRecord | undefined): readonly string[] {
  return [active?.digest, active?.previousDigest].filter((digest) => digest !== undefined);
}

async function removeOthers(folder: string, kept: readonly string[]): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((it) => !kept.includes(it))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** For what may be absent or damaged: then there is nothing. */
function onlyCoded(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}
