import { readFileSync } from 'node:fs';
import { link, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileOperation } from './fault-orders.ts';

/**
 * What a disk keeps when the power goes. `nothing unsynced`: as POSIX allows, neither content nor names that were not
 * synced. `names only`: as a journal of metadata keeps it, every name, but no content that was not synced.
 */
export type PowerCut = 'nothing unsynced' | 'names only';

interface FileNode {
  readonly kind: 'file';
  /** What it held when it was last synced. */
  durable: Buffer;
}

interface FolderNode {
  readonly kind: 'folder';
  current: Map<string, DiskNode>;
  durable: Map<string, DiskNode>;
}

type DiskNode = FileNode | FolderNode;

/** A folder as it lies on the disk and as it is seen: they differ by what was not synced. */
export interface DiskModel {
  readonly root: FolderNode;
}

/** SQLite syncs its own files (`synchronous = FULL`) by system calls a preload does not see. */
const isOfSqlite = (name: string): boolean => name.includes('.sqlite');

/** Everything that is there counts as synced. */
export async function readDisk(folder: string): Promise<DiskModel> {
  const known = new Map<number, FileNode>();
  const read = async (path: string): Promise<FolderNode> => {
    const entries = new Map<string, DiskNode>();
    for (const name of await readdir(path)) {
      if (isOfSqlite(name)) continue;
      const stats = await lstat(join(path, name));
      if (stats.isDirectory()) entries.set(name, await read(join(path, name)));
      if (!stats.isFile()) continue;
      const node = known.get(stats.ino) ?? { kind: 'file', durable: await readFile(join(path, name)) };
      known.set(stats.ino, node);
      entries.set(name, node);
    }
    return { kind: 'folder', current: new Map(entries), durable: entries };
  };
  return { root: await read(folder) };
}

export function loadTrace(file: string): readonly FileOperation[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as FileOperation);
}

/** Lets one operation happen in the model. */
export function performOnDisk({ root }: DiskModel, operation: FileOperation): void {
  const { op, path, to } = operation;
  if (op === 'mkdir') makeFolders(root, path);
  const place = findPlace(root, path);
  if (place === undefined) return;
  const node = place.folder.current.get(place.name);
  if (op === 'sync') syncNode(path === '' ? root : node, operation);
  if (op === 'remove') place.folder.current.delete(place.name);
  if ((op === 'open' || op === 'write' || op === 'copy') && node === undefined)
    place.folder.current.set(place.name, emptyFile());
  if (op === 'link') linkNode(root, to ?? '', place);
  if (op === 'rename' && node !== undefined) {
    place.folder.current.delete(place.name);
    const target = findPlace(root, to ?? '');
    target?.folder.current.set(target.name, node);
  }
}

interface Place {
  readonly folder: FolderNode;
  readonly name: string;
}

const emptyFile = (): FileNode => ({ kind: 'file', durable: Buffer.alloc(0) });
const emptyFolder = (): FolderNode => ({ kind: 'folder', current: new Map(), durable: new Map() });

/** @returns undefined when the folder it would lie in is not there */
function findPlace(root: FolderNode, path: string): Place | undefined {
  const names = path.split('/');
  let folder = root;
  for (const name of names.slice(0, -1)) {
    const next = folder.current.get(name);
    if (next?.kind !== 'folder') return undefined;
    folder = next;
  }
  return { folder, name: names.at(-1) ?? '' };
}

function makeFolders(root: FolderNode, path: string): void {
  let folder = root;
  for (const name of path.split('/')) {
    const next = folder.current.get(name) ?? emptyFolder();
    folder.current.set(name, next);
    if (next.kind !== 'folder') return;
    folder = next;
  }
}

function linkNode(root: FolderNode, from: string, place: Place): void {
  const source = findPlace(root, from);
  const node = source?.folder.current.get(source.name);
  if (node !== undefined) place.folder.current.set(place.name, node);
}

function syncNode(node: DiskNode | undefined, { synced }: FileOperation): void {
  if (node?.kind === 'folder') node.durable = new Map(node.current);
  if (node?.kind === 'file') node.durable = Buffer.from(synced ?? '', 'base64');
}

/** Makes of `folder` what the disk keeps. */
export async function leaveOnDisk({ root }: DiskModel, folder: string, cut: PowerCut): Promise<void> {
  const written = new Map<FileNode, string>();
  const leave = async (node: FolderNode, path: string): Promise<void> => {
    await mkdir(path, { recursive: true });
    for (const name of await readdir(path)) {
      if (!isOfSqlite(name)) await rm(join(path, name), { recursive: true, force: true });
    }
    for (const [name, child] of cut === 'names only' ? node.current : node.durable) {
      const at = join(path, name);
      if (child.kind === 'folder') await leave(child, at);
      else await leaveFile(child, at, written);
    }
  };
  await leave(root, folder);
}

async function leaveFile(node: FileNode, path: string, written: Map<FileNode, string>): Promise<void> {
  const first = written.get(node);
  if (first !== undefined) return link(first, path);
  await writeFile(path, node.durable, { mode: 0o600 });
  written.set(node, path);
}
