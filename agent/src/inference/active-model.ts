import { pictureFor } from '../capture/port.ts';
import { createLookQueue } from './look-queue.ts';
import type { ActiveModel, Look, Looked, OnClassified, RunningModel } from './port.ts';
import { settleWithin } from './settle-within.ts';

/** How long a switch waits for the last look of the model before; one that hangs does not hold up the next. */
const LAST_LOOK_LIMIT_MS = 1_000;

export function createActiveModel(): ActiveModel {
  return new LookLine();
}

interface Turn {
  begin(): Promise<void>;
  giveWay(): void;
}

/**
 * Classifiers are not reentrant, so looks go through one at a time, in the order of the queue. A model that is replaced
 * keeps the look it has, while the line goes on with the next model.
 */
class LookLine implements ActiveModel {
  readonly #listeners = new Set<OnClassified>();
  readonly #queue = createLookQueue<Turn>();
  #displaced = 0;
  #model: RunningModel | undefined;
  /** The look of the current model; never rejects. */
  #inFlight: Promise<void> | undefined;

  current(): RunningModel | undefined {
    return this.#model;
  }

  classify(look: Look): Promise<Looked> {
    const { promise, resolve, reject } = Promise.withResolvers<Looked>();
    const before = this.#queue.put({
      ...{ place: look.place, capturedAtMs: look.capturedAtMs, dueAtMs: look.dueAtMs },
      item: {
        begin: () => this.#classify(look).then(resolve, reject),
        giveWay: () => resolve({ kind: 'displaced' }),
      },
    });
    if (before !== undefined) {
      this.#displaced += 1;
      before.giveWay();
    }
    this.#advance();
    return promise;
  }

  waitingSinceMs(): number | undefined {
    return this.#queue.waitingSinceMs();
  }

  displaced(): number {
    return this.#displaced;
  }

  #advance(): void {
    if (this.#inFlight !== undefined) return;
    const inFlight = this.#queue
      .take()
      ?.begin()
      .then(() => {
        // Otherwise the model was replaced meanwhile, and the line has gone on without this look.
        if (this.#inFlight !== inFlight) return;
        this.#inFlight = undefined;
        this.#advance();
      });
    this.#inFlight = inFlight;
  }

  async #classify(look: Look): Promise<Looked> {
    // The model whose turn it is, also where it is replaced before the pictures are made.
    const model = this.#model;
    if (model === undefined) return { kind: 'unseen' };
    const pictures = await look.pictures();
    const rgb = pictureFor({ pictures }, model.plan);
    if (rgb === undefined) return { kind: 'unseen' };
    const classification = { model, prediction: await model.classifier.classify(rgb) };
    for (const listener of this.#listeners) listener(pictures, classification);
    return { kind: 'classified', ...classification };
  }

  async replace(next: RunningModel | undefined): Promise<RunningModel | undefined> {
    const before = this.#model;
    const lastLook = this.#inFlight;
    if (next === before) return undefined;
    this.#model = next;
    this.#inFlight = undefined;
    this.#advance();
    if (lastLook !== undefined) await settleWithin(lastLook, LAST_LOOK_LIMIT_MS);
    return before;
  }

  onClassified(listener: OnClassified): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async release(): Promise<void> {
    const before = await this.replace(undefined);
    await before?.classifier.release();
  }
}
