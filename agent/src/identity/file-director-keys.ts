import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import { agentError } from '../kernel/errors.ts';
import { parseDirectorKeys } from './file-identity.ts';
import { identityFiles, parseIdentityFile } from './identity-files.ts';

/** Whose orders this box takes: what it was told at enrolment, and at each renewal since. */
export interface FileDirectorKeys {
  /** The newest first. */
  list(): Promise<readonly KeyObject[]>;
  /**
   * Takes the place of all of them; on disk before it counts.
   * @param pem one or more public keys, SPKI
   * @throws AppError STORE_FAILED | SERVER_UNREACHABLE when it holds no key
   */
  replace(pem: string): Promise<void>;
}

const OWNER_ONLY = 0o600;

export function createFileDirectorKeys(dataDir: string, atStart: readonly KeyObject[]): FileDirectorKeys {
  const { identity: path } = identityFiles(dataDir);
  let keys = atStart;
  return {
    list: async () => keys,
    replace: async (pem) => {
      const told = parseTold(pem);
      await saveKeys(path, pem).catch((cause: unknown) => {
        throw agentError('STORE_FAILED', `cannot keep the keys of the director in ${path}`, { cause });
      });
      keys = told;
    },
  };
}

function parseTold(pem: string): readonly KeyObject[] {
  try {
    return parseDirectorKeys(pem);
  } catch (cause) {
    throw agentError('SERVER_UNREACHABLE', 'the fleet server tells keys of the director that are none', {
      cause,
    });
  }
}

async function saveKeys(path: string, pem: string): Promise<void> {
  const identity = parseIdentityFile(parseJson(await readFile(path, 'utf8'), path));
  if (identity.directorKey === pem) return;
  await writeFileAtomic(
    path,
    `${JSON.stringify({ ...identity, directorKey: pem }, undefined, 2)}\n`,
    OWNER_ONLY,
  );
}
