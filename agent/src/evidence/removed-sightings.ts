import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** So many are remembered at least, and no more than twice as many. */
const REMEMBERED = 1_000;

/** Ids of sightings whose pictures were removed, one a line: whoever asks for them is told that there were some. */
export interface RemovedSightings {
  has(event: string): boolean;
  add(event: string): Promise<void>;
}

/** A line that is torn names no sighting. */
export async function openRemovedSightings(path: string): Promise<RemovedSightings> {
  let events = (await readFile(path, 'utf8').catch(absent)).split('\n').filter((line) => line !== '');
  return {
    has: (event) => events.includes(event),
    add: async (removed) => {
      events = [...events, removed];
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (events.length <= 2 * REMEMBERED) {
        await appendFile(path, `${removed}\n`, { mode: 0o600 });
        return;
      }
      events = events.slice(-REMEMBERED);
      await writeFile(path, `${events.join('\n')}\n`, { mode: 0o600 });
    },
  };
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error;
  return '';
}
