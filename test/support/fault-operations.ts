import fs from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileOperation } from './fault-orders.ts';

/** A call that is about to change a file. */
export interface Intended {
  readonly op: FileOperation['op'];
  readonly path: string;
  readonly to?: string;
  /** Of an open file. */
  readonly fd?: number;
  /** Writes the first half of the bytes; present where bytes are written. */
  readonly half?: () => void;
}

/** By the name of a function in `node:fs/promises` (and, with `Sync`, in `node:fs`): what it does. */
export const OPERATIONS: Readonly<Record<string, FileOperation['op']>> = {
  writeFile: 'write',
  appendFile: 'write',
  rename: 'rename',
  rm: 'remove',
  rmdir: 'remove',
  unlink: 'remove',
  mkdir: 'mkdir',
  link: 'link',
  symlink: 'link',
  copyFile: 'copy',
  cp: 'copy',
  truncate: 'truncate',
  chmod: 'mode',
  utimes: 'mode',
};

const { writeFileSync, appendFileSync } = fs;

export function describeCall(
  op: FileOperation['op'],
  name: string,
  args: readonly unknown[],
): Intended | undefined {
  const path = toPath(args[0]);
  const second = toPath(args[1]);
  if (path === undefined) return undefined;
  if (op === 'write') {
    const write = name === 'appendFile' ? appendFileSync : writeFileSync;
    return { op, path, half: () => write(path, toHalf(args[1])) };
  }
  if (op === 'rename' && second !== undefined) return { op, path, to: second };
  // What a link or a copy changes is its second path.
  if ((op === 'link' || op === 'copy') && second !== undefined) return { op, path: second, to: path };
  return { op, path };
}

/** @returns undefined for what is no path, as an open file */
export function toPath(value: unknown): string | undefined {
  if (value instanceof URL) return fileURLToPath(value);
  return typeof value === 'string' || Buffer.isBuffer(value) ? resolve(String(value)) : undefined;
}

export function toHalf(data: unknown): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
