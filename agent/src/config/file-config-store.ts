import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import Type from 'typebox';
import { loadRecord } from '../kernel/record-file.ts';
import { inStore } from '../kernel/store-error.ts';
import type { ConfigMark, ConfigMemory, ConfigStore } from './port.ts';

const closed = { additionalProperties: false } as const;
const { version, settings } = ConfigOrder.properties;
const Count = Type.Integer({ minimum: 0 });

const parseMemory: (text: string) => ConfigMemory = createJsonParser(
  Type.Object(
    {
      current: Type.Optional(
        Type.Object(
          { version, settings, isConfirmed: Type.Boolean(), starts: Count, onlineBefore: Count },
          closed,
        ),
      ),
      lastGood: Type.Optional(Type.Object({ version, settings }, closed)),
      verdict: Type.Optional(
        Type.Object(
          {
            version,
            state: Type.Enum(['applied', 'rejected', 'reverted']),
            reason: Type.Optional(Type.String()),
            detail: Type.Optional(Type.String()),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  'documents of settings',
);

const parseMark: (text: string) => ConfigMark = createJsonParser(
  Type.Object({ version, digest: Sha256 }, closed),
  'newest document of settings',
);

/** Addresses of cameras are in it. */
const OWNER_ONLY = 0o600;

const documentsFile = (dataDir: string): string => join(dataDir, 'config-document.json');

/** For who only looks: a damaged file is left where it is, and counts as none. */
export async function peekConfigMemory(dataDir: string): Promise<ConfigMemory> {
  const text = await readFile(documentsFile(dataDir), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? {} : parseMemory(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return {};
  }
}

export function createFileConfigStore(options: {
  readonly dataDir: string;
  readonly log: Logger;
}): ConfigStore {
  const { dataDir, log } = options;
  const documents = documentsFile(dataDir);
  const mark = join(dataDir, 'config-mark.json');
  const save = (path: string, record: object): Promise<void> =>
    inStore(`saving ${path}`, () => writeFileAtomic(path, `${JSON.stringify(record)}\n`, OWNER_ONLY));
  return {
    load: () =>
      inStore(`reading ${documents}`, async () => (await loadRecord(documents, parseMemory, log)) ?? {}),
    save: (memory) => save(documents, memory),
    loadMark: () => inStore(`reading ${mark}`, () => loadRecord(mark, parseMark, log)),
    saveMark: (newest) => save(mark, newest),
  };
}
