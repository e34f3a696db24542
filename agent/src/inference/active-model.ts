import { type PlannedPicture, pictureFor } from '../capture/port.ts';
import type { ActiveModel, Classification, OnClassified, RunningModel } from './port.ts';
import { settleWithin } from './settle-within.ts';

/** How long a switch waits for the last frame of the model before; one that hangs does not hold up the next. */
const LAST_FRAME_LIMIT_MS = 1_000;

export function createActiveModel(): ActiveModel {
  return new FrameLine();
}

/**
 * Classifiers are not reentrant, so frames go through one at a time; each camera waits for its own. A model that is
 * replaced keeps the frame it has, while the line goes on with the next model.
 */
class FrameLine implements ActiveModel {
  readonly #listeners = new Set<OnClassified>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #model: RunningModel | undefined;
  /** The frame of the current model; never rejects. */
  #inFlight: Promise<void> | undefined;

  current(): RunningModel | undefined {
    return this.#model;
  }

  classify(pictures: readonly PlannedPicture[]): Promise<Classification | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Classification | undefined>();
    this.#waiting.push(() => this.#classify(pictures).then(resolve, reject));
    this.#advance();
    return promise;
  }

  #advance(): void {
    if (this.#inFlight !== undefined) return;
    const inFlight = this.#waiting
      .shift()?.()
      .then(() => {
        // Otherwise the model was replaced meanwhile, and the line has gone on without this frame.
        if (this.#inFlight !== inFlight) return;
        this.#inFlight = undefined;
        this.#advance();
      });
    this.#inFlight = inFlight;
  }

  async #classify(pictures: readonly PlannedPicture[]): Promise<Classification | undefined> {
    const model = this.#model;
    if (model === undefined) return undefined;
    const rgb = pictureFor({ pictures }, model.plan);
    if (rgb === undefined) return undefined;
    const classification = { model, prediction: await model.classifier.classify(rgb) };
    for (const listener of this.#listeners) listener(pictures, classification);
    return classification;
  }

  async replace(next: RunningModel | undefined): Promise<RunningModel | undefined> {
    const before = this.#model;
    const lastFrame = this.#inFlight;
    if (next === before) return undefined;
    this.#model = next;
    this.#inFlight = undefined;
    this.#advance();
    if (lastFrame !== undefined) await settleWithin(lastFrame, LAST_FRAME_LIMIT_MS);
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
