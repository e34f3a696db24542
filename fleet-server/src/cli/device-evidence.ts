import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import { doCommand, savePrivately } from './cmd-order.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

export const deviceEvidence: Command = {
  description: `Fetches the pictures of a sighting: those before it was decided, of the decision and after it. EVENT is the
id of its events. What the server does not have yet the device is asked for, which needs the role operator
and a device that is connected within five minutes.`,
  positionals: ['DEVICE', 'EVENT'],
  options: {
    ...SERVER_OPTIONS,
    out: { value: 'DIR', description: 'folder for the pictures (EVENT-1.jpg and so on); default: here' },
  },
  run: async (input) => {
    const [deviceId = '', event = ''] = input.positionals;
    if (!isEventId(event)) throw serverError('USAGE', `"${event}" is no id of an event`);
    const folder = input.values.text('out') ?? '.';
    const json = await withServer(input, async (api) => {
      const path = `devices/${encodeURIComponent(deviceId)}/events/${event}/evidence`;
      const { pictures } = await findPictures(api, path, { deviceId, event });
      await makeFolder(folder);
      const saved = pictures.map((picture) => ({
        ...picture,
        path: join(folder, `${event}-${picture.number}.jpg`),
      }));
      for (const { number, path: file } of saved)
        await savePrivately(file, await api.bytes(`${path}/${number}`));
      return { deviceId, event, pictures: saved };
    });
    const rows = json.pictures.map(({ path, offsetMs, sizeBytes }) => [
      path,
      formatOffset(offsetMs),
      String(sizeBytes),
    ]);
    return { text: formatTable(['PICTURE', 'SECONDS', 'BYTES'], rows), json };
  },
};

/** @throws AppError COMMAND_FAILED when the device cannot send them, and as the API */
async function findPictures(
  api: ApiClient,
  path: string,
  { deviceId, event }: Pick<EvidenceView, 'deviceId' | 'event'>,
): Promise<EvidenceView> {
  const known = await api.get(path, EvidenceView);
  if (known.pictures.length > 0) return known;
  await doCommand(api, deviceId, { name: 'evidence', args: { event } });
  return api.get(path, EvidenceView);
}

/** From the decision. */
const formatOffset = (offsetMs: number): string =>
  `${offsetMs > 0 ? '+' : ''}${(offsetMs / 1000).toFixed(1)}`;

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `${path} cannot be made`, { cause });
  });
}
