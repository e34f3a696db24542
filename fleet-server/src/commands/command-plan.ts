import type { CommandFile } from '@watchpost/shared/api/commands.ts';
import type { CommandName } from '@watchpost/shared/messages/command.ts';
import type { CommandRecord } from '../store/port.ts';

/** How long anybody waits, unless told otherwise: as long as it takes a slow box, and no longer. Seconds. */
export const DEFAULT_LIFE_SEC: Readonly<Record<CommandName, number>> = {
  snapshot: 60,
  evidence: 300,
  'restart-camera': 60,
  'restart-agent': 60,
  loglevel: 60,
  benchmark: 300,
  diagnostics: 600,
  selftest: 1_200,
};

/** What file a command brings. */
export const FILE_OF: Readonly<Partial<Record<CommandName, CommandFile['contentType']>>> = {
  snapshot: 'image/jpeg',
  diagnostics: 'application/gzip',
};

/**
 * What to tell a device that is connected: every open command it was not told on this connection, the oldest first. One
 * it was told on a connection before may have been lost on its way, or its reply; the device knows which.
 */
export function planSends(
  open: readonly CommandRecord[],
  told: ReadonlySet<string>,
  nowMs: number,
): readonly CommandRecord[] {
  return open
    .filter(({ id, expiresAtMs }) => !told.has(id) && expiresAtMs > nowMs)
    .sort((one, other) => one.counter - other.counter);
}
