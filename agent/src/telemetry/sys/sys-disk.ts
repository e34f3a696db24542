import { realpath, statfs } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Sample } from '../port.ts';
import {
  findMount,
  judgeDiskKind,
  type Mount,
  parseDiskWrittenBytes,
  parseEndOfLife,
  parseLifeUsed01,
  parseProcessWrittenBytes,
} from './disk-parse.ts';
import type { SysFiles } from './sys-files.ts';

type DiskSample = Sample['disk'];

/** The disk under a folder: its space, its wear, and what is written to it. */
export interface Disk {
  /** Paces are means since the reading before. @param uptimeSec when this is asked */
  read(uptimeSec: number): Promise<DiskSample>;
}

interface Written {
  readonly uptimeSec: number;
  readonly disk: number | undefined;
  readonly agent: number | undefined;
}

type Facts = Pick<DiskSample, 'name' | 'kind' | 'lifeUsed01' | 'endOfLife'>;

const DISKS = /^(mmcblk\d+|nvme\d+n\d+|(sd|vd|xvd|hd)[a-z]+|dm-\d+|md\d+)$/;
const SEC_PER_DAY = 86_400;
/** A mapped device on a mapped device is as deep as boxes go. */
const MAX_DEPTH = 4;

export function createSysDisk(files: SysFiles, dataDir: string): Disk {
  let facts: Promise<Facts> | undefined;
  let before: Written | undefined;
  return {
    read: async (uptimeSec) => {
      facts ??= findFacts(files, dataDir);
      const { name, ...more } = await facts;
      const [space, stat, io] = await Promise.all([
        readSpace(dataDir),
        name === undefined ? '' : files.read(`sys/block/${name}/stat`),
        files.read('proc/self/io'),
      ]);
      const after = {
        uptimeSec,
        disk: parseDiskWrittenBytes(stat),
        agent: parseProcessWrittenBytes(io),
      };
      const paces = computePaces(before, after);
      before = after;
      return { ...space, ...(name !== undefined && { name }), ...more, ...paces };
    },
  };
}

/** A disk counts since the machine was started, and the agent since it was. */
function computePaces(
  before: Written | undefined,
  after: Written,
): Pick<DiskSample, 'writtenBytesPerDay' | 'agentWrittenBytesPerDay'> {
  const perDay = (from: number | undefined, to: number | undefined): number | undefined => {
    const seconds = after.uptimeSec - (before?.uptimeSec ?? 0);
    if (from === undefined || to === undefined || seconds <= 0) return undefined;
    return Math.round((Math.max(0, to - from) / seconds) * SEC_PER_DAY);
  };
  const disk = perDay(before === undefined ? 0 : before.disk, after.disk);
  const agent = perDay(before?.agent, after.agent);
  return {
    ...(disk !== undefined && { writtenBytesPerDay: disk }),
    ...(agent !== undefined && { agentWrittenBytesPerDay: agent }),
  };
}

/** A kernel reads the wear of a card when it finds the card, so it is asked once. */
async function findFacts(files: SysFiles, dataDir: string): Promise<Facts> {
  const path = await realpath(dataDir).catch(() => dataDir);
  const mount = findMount(await files.read('proc/self/mountinfo'), path);
  const name = mount && (await findDisk(files, mount));
  if (name === undefined) return {};
  const [type = '', lifeTime = '', preEol = '', rotational = ''] = await Promise.all(
    ['device/type', 'device/life_time', 'device/pre_eol_info', 'queue/rotational'].map((file) =>
      files.read(`sys/block/${name}/${file}`),
    ),
  );
  const kind = judgeDiskKind(name, type, rotational);
  const lifeUsed01 = parseLifeUsed01(lifeTime);
  const endOfLife = parseEndOfLife(preEol);
  return {
    name,
    ...(kind !== undefined && { kind }),
    ...(lifeUsed01 !== undefined && { lifeUsed01 }),
    ...(endOfLife !== undefined && { endOfLife }),
  };
}

interface BlockDevice {
  /** Of the whole disk. */
  readonly disk: string;
  /** Of the disk itself, or of one of its parts. */
  readonly name: string;
  readonly device: string;
}

/** The disk a mount is on, by number, else by the name it was mounted by. */
async function findDisk(files: SysFiles, { device, source }: Mount): Promise<string | undefined> {
  const disks = await files.list('sys/block', DISKS);
  const devices = (await Promise.all(disks.map((folder) => listDevices(files, folder)))).flat();
  const named = basename(source);
  const found =
    devices.find((candidate) => candidate.device === device) ?? devices.find(({ name }) => name === named);
  return found && findPhysical(files, devices, found.disk);
}

async function listDevices(files: SysFiles, folder: string): Promise<readonly BlockDevice[]> {
  const disk = basename(folder);
  const parts = await files.list(folder, new RegExp(`^${disk}p?\\d+$`));
  const devices = [folder, ...parts].map(async (path) => ({
    disk,
    name: basename(path),
    device: await files.read(`${path}/dev`),
  }));
  return Promise.all(devices);
}

/** An encrypted or joined device wears out the disk below it, of several the first. */
async function findPhysical(files: SysFiles, devices: readonly BlockDevice[], disk: string): Promise<string> {
  let current = disk;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const [below] = await files.list(`sys/block/${current}/slaves`, /./);
    const next = devices.find(({ name }) => below !== undefined && name === basename(below));
    if (next === undefined) return current;
    current = next.disk;
  }
  return current;
}

async function readSpace(folder: string): Promise<Pick<DiskSample, 'totalBytes' | 'freeBytes'>> {
  const stats = await statfs(folder).catch(() => undefined);
  if (stats === undefined) return { totalBytes: 0, freeBytes: 0 };
  return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
}
