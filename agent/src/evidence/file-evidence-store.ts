import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import { inStore } from '../kernel/store-error.ts';
import { type PlacedSighting, readEvidenceFolder, removeEmpty } from './evidence-folder.ts';
import { formatPictureName } from './picture-name.ts';
import { computeKeptFree } from './plan-removal.ts';
import type { EvidenceStore, KeptPicture, NewPicture } from './port.ts';
import { openRemovedSightings, type RemovedSightings } from './removed-sightings.ts';

export interface FileEvidenceOptions {
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** What is left of the disk for the outbox and the models. Default: by the size of the disk. */
  readonly minFreeBytes?: number;
}

/** Where the pictures are, below the data folder. */
const FOLDER = 'evidence';
const OWNER_ONLY = 0o600;

/**
 * Pictures as files at `<dataDir>/evidence/<day>/<event>/`. The folder is the index: it is read at the first use, and
 * what is known of a picture is in its name. Each is written beside and renamed, so that a killed agent leaves no half
 * picture under a name; nothing is synced, since an SD card wears with every sync, and a picture that a power cut tears
 * is found by its bytes and counts as none.
 */
export function createFileEvidenceStore(options: FileEvidenceOptions): EvidenceStore {
  return new FileEvidenceStore(options);
}

interface Contents {
  /** By id, in the order of their first pictures. */
  readonly sightings: Map<string, PlacedSighting>;
  readonly removed: RemovedSightings;
}

class FileEvidenceStore implements EvidenceStore {
  readonly #folder: string;
  readonly #options: FileEvidenceOptions;
  #contents: Promise<Contents> | undefined;

  constructor(options: FileEvidenceOptions) {
    this.#options = options;
    this.#folder = join(options.dataDir, FOLDER);
  }

  async list(): Promise<readonly PlacedSighting[]> {
    return [...(await this.#load()).sightings.values()];
  }

  async find(event: string): Promise<PlacedSighting | undefined> {
    return (await this.#load()).sightings.get(event);
  }

  async wasRemoved(event: string): Promise<boolean> {
    return (await this.#load()).removed.has(event);
  }

  readShortageBytes(incomingBytes: number): Promise<number> {
    return inStore('looking at the disk of pictures', async () => {
      const { bavail, blocks, bsize } = await statfs(this.#options.dataDir);
      const { minFreeBytes = computeKeptFree(blocks * bsize) } = this.#options;
      return Math.max(0, minFreeBytes + incomingBytes - bavail * bsize);
    });
  }

  async add(event: string, { offsetMs, jpeg, isDue }: NewPicture): Promise<void> {
    if (!isEventId(event)) throw new TypeError(`"${event}" is no id of a sighting`);
    const { sightings } = await this.#load();
    const known = sightings.get(event) ?? this.#begin(event);
    const number = (known.pictures.at(-1)?.number ?? 0) + 1;
    const picture: KeptPicture = { number, offsetMs, sizeBytes: jpeg.length, isDue };
    await inStore('keeping a picture of a sighting', () => this.#write(known, picture, jpeg));
    sightings.set(event, { ...known, pictures: [...known.pictures, picture] });
  }

  async read(event: string, number: number): Promise<Uint8Array | undefined> {
    const found = await this.#picture(event, number);
    if (found === undefined) return undefined;
    const bytes = await inStore('reading a picture of a sighting', () =>
      readFile(this.#pathOf(found.sighting, found.picture)).catch(absent),
    );
    return bytes !== undefined && isWhole(bytes) ? bytes : undefined;
  }

  async markSent(event: string, number: number): Promise<void> {
    const found = await this.#picture(event, number);
    if (found === undefined || !found.picture.isDue) return;
    const { sighting, picture } = found;
    const sent = { ...picture, isDue: false };
    await inStore('noting that a picture was sent', () =>
      rename(this.#pathOf(sighting, picture), this.#pathOf(sighting, sent)).catch(absent),
    );
    // Another picture may have come meanwhile.
    const { sightings } = await this.#load();
    const now = sightings.get(event);
    if (now !== undefined)
      sightings.set(event, {
        ...now,
        pictures: now.pictures.map((each) => (each.number === number ? sent : each)),
      });
  }

  async remove(event: string): Promise<void> {
    const { sightings, removed } = await this.#load();
    const sighting = sightings.get(event);
    if (sighting === undefined) return;
    await inStore('removing the pictures of a sighting', async () => {
      await rm(join(this.#folder, sighting.day, event), { recursive: true, force: true });
      sightings.delete(event);
      await removeEmpty(join(this.#folder, sighting.day));
      // A disk that is full keeps no memory of what made room on it.
      await removed.add(event).catch(() => undefined);
    });
  }

  #begin(event: string): PlacedSighting {
    const atMs = this.#options.clock.wallMs();
    return { event, atMs, day: new Date(atMs).toISOString().slice(0, 10), pictures: [] };
  }

  async #write(sighting: PlacedSighting, picture: KeptPicture, jpeg: Uint8Array): Promise<void> {
    const path = this.#pathOf(sighting, picture);
    await mkdir(join(this.#folder, sighting.day, sighting.event), { recursive: true, mode: 0o700 });
    const shortBytes = await this.readShortageBytes(jpeg.length);
    if (shortBytes > 0)
      throw agentError(
        'DISK_FULL',
        `a picture leaves the disk ${shortBytes} bytes short of what is kept free`,
      );
    try {
      await writeFile(`${path}.tmp`, jpeg, { mode: OWNER_ONLY });
      await rename(`${path}.tmp`, path);
    } catch (error) {
      await rm(`${path}.tmp`, { force: true });
      throw error;
    }
  }

  async #picture(event: string, number: number) {
    const sighting = (await this.#load()).sightings.get(event);
    const picture = sighting?.pictures.find((each) => each.number === number);
    return sighting !== undefined && picture !== undefined ? { sighting, picture } : undefined;
  }

  #pathOf({ day, event }: PlacedSighting, picture: KeptPicture): string {
    return join(this.#folder, day, event, formatPictureName(picture));
  }

  /** Once; a read that failed is tried again with the next call. */
  #load(): Promise<Contents> {
    this.#contents ??= inStore('reading the pictures of sightings', async () => ({
      sightings: new Map(
        (await readEvidenceFolder(this.#folder)).map((sighting) => [sighting.event, sighting]),
      ),
      removed: await openRemovedSightings(join(this.#folder, 'removed.txt')),
    })).catch((error: unknown) => {
      this.#contents = undefined;
      throw error;
    });
    return this.#contents;
  }
}

/** A JPEG from its first marker to its last. */
const isWhole = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 &&
  bytes[0] === 0xff &&
  bytes[1] === 0xd8 &&
  bytes.at(-2) === 0xff &&
  bytes.at(-1) === 0xd9;

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
