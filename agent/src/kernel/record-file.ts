import { rename } from 'node:fs/promises';
import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { readTextIfThere } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';

/** @returns undefined when there is no such file, or it was damaged and is now set aside */
export async function loadRecord<Record>(
  path: string,
  parse: (text: string) => Record,
  log: Logger,
): Promise<Record | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await rename(path, `${path}.damaged`);
    log.warn({ code: 'STORE_CORRUPT', path, detail: error.message }, 'damaged record set aside');
    return undefined;
  }
}
