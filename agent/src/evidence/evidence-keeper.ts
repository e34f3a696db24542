import type { EvidenceSettings } from '@watchpost/shared/config/settings.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Camera, TimedPicture } from '../capture/port.ts';
import type { ToldDecision } from '../decision/port.ts';
import type { Clock } from '../kernel/clock.ts';
import { planRemoval, type RemovalFacts } from './plan-removal.ts';
import type { EvidenceStore } from './port.ts';
import { selectAfter, selectBefore } from './select-pictures.ts';

export interface EvidenceKeeperDeps {
  readonly store: EvidenceStore;
  readonly cameras: () => readonly Pick<Camera, 'id' | 'recentPictures'>[];
  readonly settings: EvidenceSettings;
  readonly clock: Clock;
  /** By a clock that shows a time that is over, nothing is old. */
  readonly isClockTrusted: () => boolean;
  /** There is something to send. */
  readonly onDue: () => void;
  readonly log: Logger;
}

type Decided = Pick<ToldDecision, 'cameraId' | 'eventId' | 'type' | 'frameAtMs'>;

/** Keeps the pictures around each new sighting, under the caps of its settings. */
export interface EvidenceKeeper extends Component {
  onDecision(decision: Decided): void;
  /** Removes the oldest, for something that needs so much room more; nothing where all of them are not enough. */
  freeRoom(bytes: number): Promise<void>;
}

const DAY_MS = 86_400_000;
/** What is too old goes although nothing new comes. */
const SWEEP_EVERY_MS = 3_600_000;
/** From the decision to the pictures after it, unless the sighting is decided on again before. */
const AFTER_MS = [1_000, 3_000];
/** Sightings that wait for a slow disk; more of them are dropped. */
const MAX_WAITING = 16;

export function createEvidenceKeeper(deps: EvidenceKeeperDeps): EvidenceKeeper {
  return new QueuedEvidenceKeeper(deps);
}

/** Sightings whose pictures after the decision are still to come, with what ends the wait. */
type Open = Map<string, AbortController>;

class QueuedEvidenceKeeper implements EvidenceKeeper {
  readonly name = 'evidence-keeper';
  readonly #deps: EvidenceKeeperDeps;
  readonly #open: Open = new Map();
  /** When this run kept the first picture of what is kept, monotonic: the wall clock of a box may be set meanwhile. */
  readonly #keptAtMs = new Map<string, number>();
  readonly #followers = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** The disk is written by one at a time. */
  #work: Promise<void> = Promise.resolve();
  #waiting = 0;
  #dropped = 0;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(deps: EvidenceKeeperDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#queue(() => this.#makeRoom({}));
    this.#sweeping = setInterval(() => this.#queue(() => this.#makeRoom({})), SWEEP_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#stopping.abort();
    await Promise.all(this.#followers);
    await this.#work;
  }

  onDecision({ cameraId, eventId, type, frameAtMs }: Decided): void {
    const { enabled, preRollSec } = this.#deps.settings;
    const isOver = this.#stopping.signal.aborted;
    if (type !== 'new') this.#open.get(eventId)?.abort();
    else if (enabled && !isOver && !this.#open.has(eventId))
      // Now: the ring goes on.
      this.#begin({ cameraId, eventId, frameAtMs }, preRollSec * 1000);
  }

  async freeRoom(shortBytes: number): Promise<void> {
    this.#queue(() => this.#makeRoom({ shortBytes }));
    await this.#work;
  }

  #begin(decided: Omit<Decided, 'type'>, preRollMs: number): void {
    const { cameraId, eventId, frameAtMs } = decided;
    const pictures = selectBefore(this.#ringOf(cameraId), frameAtMs, preRollMs);
    if (pictures.length === 0) return;
    if (this.#waiting >= MAX_WAITING) {
      this.#drop(eventId, 'the disk does not keep up');
      return;
    }
    this.#keep(eventId, frameAtMs, pictures);
    const following = this.#follow(decided);
    this.#followers.add(following);
    void following.finally(() => this.#followers.delete(following));
  }

  /** A picture or two of what came of it. */
  async #follow({ cameraId, eventId, frameAtMs }: Omit<Decided, 'type'>): Promise<void> {
    const over = new AbortController();
    this.#open.set(eventId, over);
    const signal = AbortSignal.any([over.signal, this.#stopping.signal]);
    let lastMs = Math.max(frameAtMs, this.#ringOf(cameraId).at(-1)?.capturedAtMs ?? frameAtMs);
    for (const afterMs of AFTER_MS) {
      await waitMs(Math.max(0, frameAtMs + afterMs - this.#deps.clock.monotonicMs()), signal);
      const picture = selectAfter(this.#ringOf(cameraId), lastMs);
      if (picture !== undefined) this.#keep(eventId, frameAtMs, [picture]);
      if (signal.aborted) break;
      lastMs = picture?.capturedAtMs ?? lastMs;
    }
    this.#open.delete(eventId);
  }

  #keep(eventId: string, frameAtMs: number, pictures: readonly TimedPicture[]): void {
    const { store, settings, clock, onDue } = this.#deps;
    const isDue = settings.send === 'always';
    this.#waiting += 1;
    this.#queue(async () => {
      this.#waiting -= 1;
      for (const { jpeg, capturedAtMs } of pictures) {
        const shortBytes = await store.readShortageBytes(jpeg.length);
        if (!(await this.#makeRoom({ incomingEvent: eventId, incomingBytes: jpeg.length, shortBytes })))
          return this.#drop(eventId, 'the pictures of one sighting are more than may be kept');
        await store.add(eventId, { offsetMs: Math.round(capturedAtMs - frameAtMs), jpeg, isDue });
        if (!this.#keptAtMs.has(eventId)) this.#keptAtMs.set(eventId, clock.monotonicMs());
      }
      if (isDue) onDue();
    }, eventId);
  }

  /** @returns false when what comes in does not fit under the cap at all */
  async #makeRoom(
    wanted: Partial<Pick<RemovalFacts, 'incomingEvent' | 'incomingBytes' | 'shortBytes'>>,
  ): Promise<boolean> {
    const { store, settings, clock, isClockTrusted, log } = this.#deps;
    const nowMs = clock.wallMs();
    const kept = (await store.list()).map(({ event, atMs, pictures }) => ({
      event,
      atMs: this.#keptSince(event, nowMs) ?? atMs,
      sizeBytes: pictures.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    }));
    const { remove, hasRoom } = planRemoval({
      kept,
      incomingBytes: 0,
      shortBytes: 0,
      ...wanted,
      nowMs,
      maxBytes: settings.maxBytes,
      maxAgeMs: isClockTrusted() ? settings.maxAgeDays * DAY_MS : Number.POSITIVE_INFINITY,
    });
    for (const event of remove) {
      await store.remove(event);
      this.#keptAtMs.delete(event);
    }
    if (remove.length > 0) log.debug({ sightings: remove.length }, 'pictures of sightings removed');
    return hasRoom;
  }

  #keptSince(event: string, nowMs: number): number | undefined {
    const keptAtMs = this.#keptAtMs.get(event);
    return keptAtMs === undefined ? undefined : nowMs - (this.#deps.clock.monotonicMs() - keptAtMs);
  }

  #ringOf(cameraId: string): readonly TimedPicture[] {
    return (
      this.#deps
        .cameras()
        .find(({ id }) => id === cameraId)
        ?.recentPictures() ?? []
    );
  }

  #drop(id: string, why: string): void {
    this.#dropped += 1;
    this.#deps.log.warn({ id, why, dropped: this.#dropped }, 'pictures of a sighting dropped');
  }

  /** What fails costs pictures, nothing else. */
  #queue(work: () => Promise<unknown>, eventId?: string): void {
    this.#work = this.#work.then(async () => {
      try {
        await work();
      } catch (error) {
        if (!isAppError(error)) throw error;
        if (eventId !== undefined) this.#drop(eventId, describeError(error));
        else this.#deps.log.warn({ error: describeError(error) }, 'pictures of sightings not looked after');
      }
    });
  }
}
