import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { Hint } from '@watchpost/shared/messages/telemetry.ts';
import Type from 'typebox';

/** What the running agent tells now, for `doctor`, which has no history of its own. Written when it changes: seldom. */
export interface FileHints extends Component {
  save(hints: readonly Hint[]): void;
}

const hintsFile = (dataDir: string): string => join(dataDir, 'hints.json');

export function createFileHints({
  dataDir,
  log,
}: {
  readonly dataDir: string;
  readonly log: Logger;
}): FileHints {
  let saving: Promise<void> = Promise.resolve();
  const save = (hints: readonly Hint[]): void => {
    const text = `${JSON.stringify(hints, undefined, 2)}\n`;
    saving = saving
      .then(() => writeFileAtomic(hintsFile(dataDir), text))
      .catch((error: unknown) => log.debug({ error: describeError(error) }, 'hints not kept'));
  };
  return {
    name: 'hints',
    // Those of a life before are not known to hold.
    start: async () => save([]),
    stop: () => saving,
    save,
  };
}

const parseHints = createJsonParser(Type.Array(Hint), 'hints');

/** @returns undefined where no agent has run, and when the file cannot be read */
export async function loadHints(dataDir: string): Promise<readonly Hint[] | undefined> {
  const text = await readFile(hintsFile(dataDir), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return parseHints(text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
