import { writeFile } from 'node:fs/promises';
import { type CommandCreate, CommandView, isOpenCommand } from '@watchpost/shared/api/commands.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';

/** How long each request waits for the end of a command. */
const WAIT_SEC = 20;
/** The server ends every command when its time is over; after so much more, something is wrong with it. */
const GRACE_MS = 60_000;

export const commandsPath = (deviceId: string): string => `devices/${encodeURIComponent(deviceId)}/commands`;

export const sendCommand = (api: ApiClient, deviceId: string, wanted: CommandCreate): Promise<CommandView> =>
  api.post(commandsPath(deviceId), wanted, CommandView);

/** @throws AppError COMMAND_FAILED when the server never ends it, and as the API */
export async function awaitCommand(api: ApiClient, sent: CommandView): Promise<CommandView> {
  const { id, deviceId, expiresAtMs, createdAtMs } = sent;
  const limitMs = performance.now() + (expiresAtMs - createdAtMs) + GRACE_MS;
  let command = sent;
  while (isOpenCommand(command.state)) {
    if (performance.now() > limitMs)
      throw serverError('COMMAND_FAILED', `command ${id} is still ${command.state}, and its time is over`);
    command = await api.get(`${commandsPath(deviceId)}/${id}?waitSec=${WAIT_SEC}`, CommandView);
  }
  return command;
}

/** Sends a command and waits for it. @throws AppError COMMAND_FAILED unless it is done */
export async function doCommand(
  api: ApiClient,
  deviceId: string,
  wanted: CommandCreate,
): Promise<CommandView> {
  const command = await awaitCommand(api, await sendCommand(api, deviceId, wanted));
  if (command.state === 'done') return command;
  const { name, state, code = state, detail = 'nothing more is known' } = command;
  throw serverError('COMMAND_FAILED', `${name} of ${deviceId} ended as ${state}: ${detail} (${code})`);
}

export const fetchCommandFile = (
  api: ApiClient,
  { deviceId, id }: Pick<CommandView, 'deviceId' | 'id'>,
): Promise<Uint8Array> => api.bytes(`${commandsPath(deviceId)}/${id}/file`);

/** Readable by its owner only: pictures of cameras, insides of boxes. @throws AppError FILE_UNREADABLE */
export async function savePrivately(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { mode: 0o600 }).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `${path} cannot be written`, { cause });
  });
}
