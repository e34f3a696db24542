import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type KeptGraph, planEviction } from './graph-eviction.ts';

/**
 * Graphs a runtime has made ready for this box, so that the next start need not do so again. They are data of this box,
 * made of files that were checked, readable by its user alone, and believed only while they have the digest in their
 * name: that finds damage, not somebody who may write here as the agent may.
 * Whatever goes wrong here, the model is loaded without.
 */
export interface GraphFiles {
  /** A sound one; a damaged one is set aside. */
  find(): Promise<string | undefined>;
  /** Where the runtime is to write it; undefined where there is no room. The folder is made. */
  begin(): Promise<string | undefined>;
  /** What was begun is complete. */
  keep(): Promise<void>;
  /** What was begun came to nothing, or what was found cannot be loaded. */
  drop(): Promise<void>;
}

export interface GraphSource {
  readonly folder: string;
  /** Of the model's file. */
  readonly sha256: string;
  readonly path: string;
  /** Everything else the graph rests on: the runtime and what it made the graph for. */
  readonly madeFor: readonly string[];
}

export interface GraphLimits {
  /** All graphs together. */
  readonly maxBytes: number;
  /** Left free on the disk for the rest of the box. */
  readonly reserveBytes: number;
}

const MB = 1024 * 1024;
const LIMITS: GraphLimits = { maxBytes: 512 * MB, reserveBytes: 64 * MB };
const DAMAGED = 'damaged';
const DRAFT = 'draft';
/** A process that loads a model for so long was given up. */
const LONGEST_DRAFT_MS = 600_000;
/** What is made ready may be a little larger than what it is made of. */
const GROWTH = 1.1;

export function openGraphFiles(source: GraphSource, limits: GraphLimits = LIMITS): GraphFiles {
  const { folder, sha256, madeFor } = source;
  const key = createHash('sha256').update(JSON.stringify(madeFor)).digest('hex').slice(0, 16);
  /** <sha256 of the model>-<what it was made for>-<sha256 of the graph>: the first part tells what can be removed. */
  const prefix = `${sha256}-${key}-`;
  const draft = join(folder, `${prefix}${process.pid}.${DRAFT}`);
  return {
    find: () => orNothing(() => findSound(folder, prefix)),
    begin: () =>
      orNothing(async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const neededBytes = Math.ceil((await stat(source.path)).size * GROWTH);
        return (await makeRoom(folder, neededBytes, limits)) ? draft : undefined;
      }),
    keep: () =>
      orNothing(async () => {
        await chmod(draft, 0o600);
        await rename(draft, join(folder, `${prefix}${await digestFile(draft)}`));
      }).then(() => rm(draft, { force: true })),
    drop: () =>
      orNothing(async () => {
        await rm(draft, { force: true });
        const [name] = await listNamed(folder, prefix);
        if (name !== undefined) await setAside(folder, name);
      }),
  };
}

/** For a graph that took along the process that loaded it; which one it was, nobody can tell. */
export async function setGraphsAside({
  folder,
  sha256,
}: Pick<GraphSource, 'folder' | 'sha256'>): Promise<void> {
  await orNothing(async () => {
    for (const name of await listNamed(folder, `${sha256}-`)) await setAside(folder, name);
  });
}

/** A disk fails in many ways; none of them keeps a model from being loaded. */
const orNothing = <Found>(work: () => Promise<Found>): Promise<Found | undefined> =>
  work().catch(() => undefined);

async function listNamed(folder: string, prefix: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(prefix) && !name.endsWith(DRAFT));
}

async function findSound(folder: string, prefix: string): Promise<string | undefined> {
  for (const name of await listNamed(folder, prefix)) {
    if ((await digestFile(join(folder, name))) === name.slice(prefix.length)) return join(folder, name);
    await setAside(folder, name);
  }
  return undefined;
}

/** One is kept for whoever looks into it; the next takes its place. */
const setAside = (folder: string, name: string): Promise<void> =>
  rename(join(folder, name), join(folder, DAMAGED));

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: MB }), hash);
  return hash.digest('hex');
}

async function makeRoom(folder: string, neededBytes: number, limits: GraphLimits): Promise<boolean> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const { size, mtimeMs } = await stat(join(folder, name));
      return { name, sizeBytes: size, writtenAtMs: mtimeMs };
    }),
  );
  const [left, graphs] = [files.filter(isLeft), files.filter((file) => !isLeft(file))];
  const evicted = planEviction(graphs, neededBytes, limits.maxBytes);
  for (const name of [...left.map(({ name }) => name), ...(evicted ?? [])])
    await rm(join(folder, name), { force: true });
  if (evicted === undefined) return false;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= neededBytes + limits.reserveBytes;
}

/** Begun by a process that was killed. */
const isLeft = ({ name, writtenAtMs }: KeptGraph): boolean =>
  name.endsWith(DRAFT) && Date.now() - writtenAtMs > LONGEST_DRAFT_MS;
