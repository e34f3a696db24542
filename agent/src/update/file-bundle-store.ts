import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { digestOf } from '@watchpost/shared/kernel/digest.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { agentError } from '../kernel/errors.ts';
import { loadRecord } from '../kernel/record-file.ts';
import { inStore } from '../kernel/store-error.ts';
import { layOut, loadBundle, loadManifest } from './bundle-folder.ts';
import { type FileSlots, openFileSlots } from './file-slots.ts';
import { parseFormerDeployment } from './former-records.ts';
import { type KeptFile, openKeptFile } from './kept-file.ts';
import { dropDamaged, objectPath, readRoom, sizeOf } from './object-files.ts';
import { isInstalled } from './phases.ts';
import type { BundleStore, Champion, DeploymentRecord } from './port.ts';
import { computeRoom, planRemoval } from './removal.ts';
import { digestsOf, isOnTrial, type Slot, type Slots } from './slots.ts';
import {
  parseDeploymentRecord,
  parseHistory,
  parseOrderMark,
  parseQuarantine,
  saveRecord,
} from './state-files.ts';

export interface FileBundleStoreOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Room a download leaves for outbox and logs. */
  readonly reserveBytes?: number;
  /** What models may take of the disk; without it, as much as there is. */
  readonly maxBytes?: number;
}

const RESERVE_BYTES = 64 * 1024 * 1024;

function pathsBelow(dataDir: string) {
  return {
    /** <digest>/: manifest.json and the files. */
    bundles: join(dataDir, 'bundles'),
    /** <sha256>: hard links of the files of the bundles, and downloads. */
    objects: join(dataDir, 'objects'),
    /** What runtimes made ready of the files of the bundles: made anew where it is missing. */
    graphs: join(dataDir, 'graphs'),
    deployment: join(dataDir, 'deployment.json'),
    orderMark: join(dataDir, 'order.json'),
    quarantine: join(dataDir, 'quarantine.json'),
    history: join(dataDir, 'event-history.json'),
  } as const;
}

/** What the parts below work on. */
interface Disk {
  readonly paths: ReturnType<typeof pathsBelow>;
  readonly slots: FileSlots;
  readonly kept: KeptFile;
  readonly log: Logger;
}

/** Bundles, slots and records as files below `dataDir`. */
export async function openFileBundleStore(options: FileBundleStoreOptions): Promise<BundleStore> {
  const { dataDir, log } = options;
  const paths = pathsBelow(dataDir);
  await inStore(`preparing ${dataDir}`, async () => {
    await mkdir(paths.bundles, { recursive: true });
    await mkdir(paths.objects, { recursive: true });
  });
  const kept = openKeptFile(dataDir, log);
  const disk: Disk = { paths, slots: openFileSlots(dataDir, log), kept, log };
  return { ...storeSlots(disk), ...storeRecords(disk), ...kept, ...storeBundles(disk, options) };
}

type SlotMethods =
  | 'readSlots'
  | 'readBack'
  | 'loadChampion'
  | 'saveChallenger'
  | 'prepareSwitch'
  | 'commitSwitch'
  | 'switchBack'
  | 'endTrial';

function storeSlots(disk: Disk): Pick<BundleStore, SlotMethods> {
  const { slots } = disk;
  return {
    readSlots: () => inStore('reading the slots', slots.read),
    readBack: () =>
      inStore('reading the slots', async () => {
        const back = await slots.readBack();
        return isOnTrial(await slots.read(), back) ? back : undefined;
      }),
    loadChampion: () => inStore('loading the champion', () => loadChampion(disk)),
    saveChallenger: (challenger) => inStore('writing the slots', () => slots.saveChallenger(challenger)),
    prepareSwitch: (challenger) => inStore('preparing a switch', () => slots.prepare(challenger)),
    commitSwitch: () => inStore('switching', slots.commit),
    switchBack: () => inStore('switching back', slots.takeBack),
    endTrial: () => inStore('committing', slots.endTrial),
  };
}

type RecordMethods =
  | 'readDeployment'
  | 'saveDeployment'
  | 'readOrderMark'
  | 'saveOrderMark'
  | 'readQuarantine'
  | 'saveQuarantine'
  | 'readHistory'
  | 'saveHistory';

function storeRecords({ paths, log }: Disk): Pick<BundleStore, RecordMethods> {
  const read = <Content>(path: string, parse: (text: string) => Content): Promise<Content | undefined> =>
    inStore(`reading ${path}`, () => loadRecord(path, parse, log));
  const save = (path: string, content: object): Promise<void> =>
    inStore(`writing ${path}`, () => saveRecord(path, content));
  return {
    readDeployment: () => read(paths.deployment, parseAnyDeployment),
    saveDeployment: (record) => save(paths.deployment, record),
    readOrderMark: () => read(paths.orderMark, parseOrderMark),
    saveOrderMark: (mark) => save(paths.orderMark, mark),
    readQuarantine: async () => (await read(paths.quarantine, parseQuarantine)) ?? [],
    saveQuarantine: (entries) => save(paths.quarantine, { entries }),
    readHistory: async () => (await read(paths.history, parseHistory)) ?? [],
    saveHistory: (entries) => save(paths.history, { entries }),
  };
}

function parseAnyDeployment(text: string): ReturnType<typeof parseDeploymentRecord> {
  try {
    return parseDeploymentRecord(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return parseFormerDeployment(text);
  }
}

type BundleMethods = Exclude<keyof BundleStore, SlotMethods | RecordMethods | keyof KeptFile>;

function storeBundles(disk: Disk, options: FileBundleStoreOptions): Pick<BundleStore, BundleMethods> {
  const { reserveBytes = RESERVE_BYTES, maxBytes = Number.POSITIVE_INFINITY } = options;
  const { bundles, objects, graphs } = disk.paths;
  return {
    loadBundle: (digest) =>
      inStore(`reading bundle ${digest}`, () => loadBundle(join(bundles, digest), digest)),
    listMissing: ({ files }) => inStore(`reading ${objects}`, () => dropDamaged(objects, files)),
    checkBudget: (manifest) => inStore(`looking at ${bundles}`, () => checkBudget(disk, manifest, maxBytes)),
    checkRoom: (files) =>
      inStore(`looking at ${objects}`, async () => {
        const { neededBytes, freeBytes } = await readRoom(objects, files);
        if (neededBytes + reserveBytes <= freeBytes) return;
        const wanted = `the bundle needs ${neededBytes} more bytes and ${reserveBytes} are kept free`;
        throw agentError('DISK_FULL', `${wanted}; ${objects} has ${freeBytes}`);
      }),
    readShortageBytes: (files) =>
      inStore(`looking at ${objects}`, async () => {
        const { neededBytes, freeBytes } = await readRoom(objects, files);
        return Math.max(0, neededBytes + reserveBytes - freeBytes);
      }),
    readReclaimable: (manifest) => inStore(`looking at ${objects}`, () => readReclaimable(disk, manifest)),
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
    dropGraphs: () => inStore('removing graphs', async () => removeAll(graphs, await listIfThere(graphs))),
    removeUnused: (inWork) => inStore('removing unused bundles', () => removeUnused(disk, inWork, maxBytes)),
  };
}

async function loadChampion(disk: Disk): Promise<Champion | undefined> {
  const { slots, log } = disk;
  const before = await slots.read();
  if (before.champion === undefined) return recoverChampion(disk);
  const champion = await loadSlot(disk, before.champion);
  if (champion !== undefined) return champion;
  const previous = await loadSlot(disk, before.previous);
  await mend(log, async () => {
    // On trial there is a file to go back to, and a rename needs no room.
    if (isOnTrial(before, await slots.readBack())) await slots.takeBack();
    else await slots.save(previous === undefined ? {} : { champion: previous.slot });
  });
  return previous;
}

/**
 * When the slots were lost, it is still known what was gone back to, what the last deployment left, and what proved
 * itself before that.
 */
async function recoverChampion(disk: Disk): Promise<Champion | undefined> {
  const { slots, paths, log } = disk;
  const good = (await slots.readBack())?.champion;
  if (good !== undefined) await mend(log, slots.takeBack);
  const record = await loadRecord(paths.deployment, parseAnyDeployment, log);
  const last = record && isInstalled(record.phase) ? slotOf(record) : undefined;
  const champion = (await loadSlot(disk, good ?? last)) ?? (await loadSlot(disk, await readProved(disk)));
  if (champion !== undefined && good === undefined) {
    await mend(log, () => slots.save({ champion: champion.slot }));
  }
  return champion;
}

async function readProved({ slots }: Disk): Promise<Slot | undefined> {
  return (await slots.readProved())?.champion;
}

function slotOf({ digest, deploymentId, choice }: DeploymentRecord): Slot {
  return { digest, deploymentId, ...(choice && { choice }) };
}

/** What runs is more than what is written of it. */
async function mend(log: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.error({ error: describeError(error) }, 'slots could not be mended');
  }
}

async function loadSlot({ paths, log }: Disk, slot: Slots['champion']): Promise<Champion | undefined> {
  if (slot === undefined) return undefined;
  // A dying disk fails in many ways; whatever it is, the other bundle may still run.
  const bundle = await loadBundle(join(paths.bundles, slot.digest), slot.digest).catch((error: unknown) => {
    log.error({ digest: slot.digest, error: describeError(error) }, 'bundle on this box is damaged');
    return undefined;
  });
  return bundle && { bundle, slot };
}

/** Every bundle a slot refers to, on trial or not. */
async function listReferenced({ slots }: Disk): Promise<readonly string[]> {
  return digestsOf(await slots.read(), await slots.readBack());
}

async function loadManifests({ paths }: Disk, digests: readonly string[]): Promise<readonly Manifest[]> {
  const found = await Promise.all(
    digests.map((digest) => loadManifest(join(paths.bundles, digest)).catch(onlyCoded)),
  );
  return found.filter((manifest) => manifest !== undefined);
}

async function checkBudget(disk: Disk, manifest: Manifest, maxBytes: number): Promise<void> {
  const kept = await loadManifests(disk, await listReferenced(disk));
  const files = kept.flatMap((it) => it.files);
  const room = computeRoom(files, manifest.files, maxBytes);
  if (room.kind === 'enough') return;
  throw agentError(
    'BUNDLE_TOO_BIG',
    `bundle ${manifest.model} ${manifest.version} and those it takes to go back need ${room.neededBytes} bytes, ` +
      `models may take ${maxBytes}`,
  );
}

/** What no slot needs for another bundle than this one, and what can be made again. */
async function readReclaimable(disk: Disk, { files }: Manifest): Promise<number> {
  const { objects, graphs } = disk.paths;
  const own = files.map(({ sha256 }) => sha256);
  const inSlots = await loadManifests(disk, await listReferenced(disk));
  const contents = inSlots.flatMap((manifest) => manifest.files.map(({ sha256 }) => sha256));
  const removal = planRemoval(
    { bundles: [], objects: await readdir(objects), graphs: [] },
    { digests: [], contents: contents.filter((sha256) => !own.includes(sha256)) },
  );
  const paths = [
    ...removal.objects.map((name) => join(objects, name)),
    ...(await listIfThere(graphs)).map((name) => join(graphs, name)),
  ];
  const sizes = await Promise.all(paths.map(sizeOf));
  return sizes.reduce<number>((total, size = 0) => total + size, 0);
}

type InWork = Parameters<BundleStore['removeUnused']>[0];

async function removeUnused(disk: Disk, inWork: InWork, maxBytes: number): Promise<void> {
  const { bundles, objects, graphs } = disk.paths;
  const inSlots = await listReferenced(disk);
  // Lost slots are no reason to lose the bundles too.
  if (inSlots.length === 0 && inWork === undefined) return;
  const referenced = [...inSlots, ...(await listKept(disk, inSlots, inWork, maxBytes))];
  const installed = inWork === undefined ? [] : await loadManifests(disk, [inWork.digest]);
  const isKnown = inWork?.manifest !== undefined || installed.length > 0;
  const kept = await loadManifests(disk, referenced);
  const files = [...kept, ...installed].flatMap((manifest) => manifest.files.map(({ sha256 }) => sha256));
  const removal = planRemoval(
    { bundles: await readdir(bundles), objects: await readdir(objects), graphs: await listIfThere(graphs) },
    {
      digests: inWork === undefined ? referenced : [...referenced, inWork.digest],
      contents: inWork === undefined || isKnown ? files : undefined,
      wanted: inWork?.manifest?.files.map(({ sha256 }) => sha256) ?? [],
    },
  );
  await removeAll(bundles, removal.bundles);
  await removeAll(objects, removal.objects);
  await removeAll(graphs, removal.graphs);
}

/** What is kept takes no room from what runs, or is to run. */
async function listKept(
  disk: Disk,
  inSlots: readonly string[],
  inWork: InWork,
  maxBytes: number,
): Promise<readonly string[]> {
  const kept = await disk.kept.readKept();
  if (kept === undefined) return [];
  const others = await loadManifests(disk, inSlots);
  const needed = [...others, ...(inWork?.manifest === undefined ? [] : [inWork.manifest])];
  const room = computeRoom(
    needed.flatMap(({ files }) => files),
    (await loadManifests(disk, [kept.digest])).flatMap(({ files }) => files),
    maxBytes,
  );
  return room.kind === 'enough' ? [kept.digest] : [];
}

const listIfThere = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
}

/** For what may be absent or damaged: then there is nothing. */
function onlyCoded(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}
