import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { agentError } from '../kernel/errors.ts';
import { type Board, type BoardProfile, chooseProfile, parseBoardProfile } from './board.ts';
import { readYamlFile } from './yaml-file.ts';

interface NamedProfile extends BoardProfile {
  readonly name: string;
}

/**
 * The settings of a profile: of the file, or of the profile in the folder that suits this board.
 * @returns undefined when none does
 * @throws AppError CONFIG_UNREADABLE | CONFIG_INVALID
 */
export async function loadBoardSettings(
  path: string,
  readBoard: () => Promise<Board> = readOwnBoard,
): Promise<{ readonly name: string; readonly content: unknown } | undefined> {
  const files = await listProfiles(path);
  // Whoever names a file knows the board better than the board does.
  const chosen =
    files === undefined
      ? await loadProfile(path)
      : chooseProfile(await Promise.all(files.map(loadProfile)), await readBoard());
  return chosen && { name: chosen.name, content: chosen.settings };
}

/** @returns undefined where `path` is no folder */
async function listProfiles(path: string): Promise<readonly string[] | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith('.yaml'))
      .sort()
      .map((name) => join(path, name));
  } catch (cause) {
    throw agentError('CONFIG_UNREADABLE', `cannot read the board profiles in ${path}`, { cause });
  }
}

async function loadProfile(name: string): Promise<NamedProfile> {
  const content = await readYamlFile(name);
  try {
    return { ...parseBoardProfile(content), name };
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    throw agentError('CONFIG_INVALID', `${name}: ${cause.message}`, { cause });
  }
}

async function readOwnBoard(): Promise<Board> {
  const [model, cpuinfo] = await Promise.all(
    ['/proc/device-tree/model', '/proc/cpuinfo'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return {
    deviceTree: model?.replaceAll('\0', '').trim() ?? '',
    processor: /^model name\s*:\s*(.+)$/m.exec(cpuinfo ?? '')?.[1] ?? '',
  };
}
