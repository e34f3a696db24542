import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { type Logger, silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import Type from 'typebox';
import { BOOT_LIMITS, judgeBoot, recordBoot, type ShortLives } from './boot.ts';
import type { BootGuard } from './port.ts';

export interface BootGuardOptions {
  readonly dataDir: string;
  readonly log: Logger;
  /** Default: what the kernel names this boot. */
  readonly bootId?: string;
}

const parseRecord = createJsonParser(
  Type.Object({ shortLives: Type.Array(Type.String()) }, { additionalProperties: false }),
  'starts of the agent',
);

const recordFile = (dataDir: string): string => join(dataDir, 'boots.json');

/** How many starts in a row ended early, or have not proved good yet: for who only looks. */
export async function peekShortLives(dataDir: string): Promise<number> {
  return (await readLives(recordFile(dataDir), silentLogger)).length;
}

/**
 * Counts this start as short until it proves good. A file that is torn counts as none, and one that cannot be
 * written keeps nothing from starting.
 */
export async function openBootGuard({ dataDir, log, ...options }: BootGuardOptions): Promise<BootGuard> {
  const path = recordFile(dataDir);
  const save = async (shortLives: ShortLives): Promise<void> => {
    await writeFileAtomic(path, `${JSON.stringify({ shortLives })}\n`).catch((error: unknown) => {
      log.warn({ error: describeError(error) }, 'starts of the agent not counted');
    });
  };
  const bootId = options.bootId ?? (await readBootId());
  const lives = await readLives(path, log);
  await save(recordBoot(lives, bootId));
  const verdict = judgeBoot(lives, bootId, BOOT_LIMITS);
  if (verdict === 'cautious') log.error({ shortLives: lives.length }, 'cautious start');
  let settled: Promise<void> | undefined;
  return {
    verdict,
    shortLives: lives.length,
    settle: () => {
      settled ??= save([]);
      return settled;
    },
  };
}

async function readLives(path: string, log: Logger): Promise<ShortLives> {
  try {
    return parseRecord(await readFile(path)).shortLives;
  } catch (error) {
    const isFirst = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isFirst) log.warn({ error: describeError(error) }, 'starts of the agent are not known');
    return [];
  }
}

async function readBootId(): Promise<string> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return id.trim();
}
