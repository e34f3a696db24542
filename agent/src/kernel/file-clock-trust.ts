import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Clock } from './clock.ts';
import { type ClockEvidence, type ClockVerdict, computeLastSeenMs, judgeClock } from './clock-trust.ts';
import { isClockSynced } from './sync-marks.ts';
import { AGENT_RELEASED_MS } from './version.ts';

export interface FileClockTrustDeps {
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
  /** Default: what the system says. */
  readonly isSynced?: () => boolean;
}

export interface ClockTrust extends Component {
  verdict(): ClockVerdict;
  /** False while the clock shows a time that is over. */
  isTrusted(): boolean;
}

/** One small file an hour is nothing to an SD card, and an hour back harms nothing. */
const SAVE_EVERY_MS = 3_600_000;

/** Where the latest time this box has seen is kept. */
export const lastSeenFile = (dataDir: string): string => join(dataDir, 'last-seen-time');

/** @returns 0 when it is not known */
export async function loadLastSeenMs(dataDir: string): Promise<number> {
  const text = await readFile(lastSeenFile(dataDir), 'utf8').catch(() => '');
  const ms = Number(text.trim());
  return Number.isSafeInteger(ms) && ms > 0 ? ms : 0;
}

/** Judges the clock by the latest time this box has seen, which is kept in a file; one that fails costs only that. */
export async function openFileClockTrust(deps: FileClockTrustDeps): Promise<ClockTrust> {
  const { dataDir, clock, log, isSynced = isClockSynced } = deps;
  let lastSeenMs = await loadLastSeenMs(dataDir);
  let timer: NodeJS.Timeout | undefined;
  const gather = (): ClockEvidence => ({
    wallMs: clock.wallMs(),
    isSynced: isSynced(),
    releasedMs: AGENT_RELEASED_MS,
    lastSeenMs,
  });
  const save = async (): Promise<void> => {
    lastSeenMs = computeLastSeenMs(gather());
    await writeFileAtomic(lastSeenFile(dataDir), `${lastSeenMs}\n`).catch((cause: unknown) => {
      log.debug({ cause: String(cause) }, 'time not kept');
    });
  };
  return {
    name: 'clock-trust',
    start: async () => {
      if (judgeClock(gather()) === 'behind') {
        log.warn({ wallMs: clock.wallMs(), lastSeenMs }, 'the clock shows a time that is over');
      }
      await save();
      timer = setInterval(() => void save(), SAVE_EVERY_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await save();
    },
    verdict: () => judgeClock(gather()),
    isTrusted: () => judgeClock(gather()) !== 'behind',
  };
}
