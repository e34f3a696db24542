import { coversPlans, frameBytes, IDLE_PLAN, mergePlans } from '../../agent/src/capture/frames/frame-plan.ts';
import { createLatestSlot } from '../../agent/src/capture/frames/latest-slot.ts';
import type {
  Camera,
  CameraCounters,
  CameraHealth,
  DecodeTier,
  Frame,
  FramePlan,
  Motion,
  TimedPicture,
} from '../../agent/src/capture/port.ts';
import { untilAborted } from '../../agent/src/capture/until-aborted.ts';

const WHOLE = { x01: 0, y01: 0, width01: 1, height01: 1 };
const MAX_RECENT = 8;

type Condition = Omit<CameraHealth, 'quality01'>;

/** A camera whose frames a test makes: grey pictures of the plan's size. */
export class FakeCamera implements Camera {
  readonly id: string;
  readonly #slot = createLatestSlot<Frame>();
  readonly #listeners: ((health: CameraHealth) => void)[] = [];
  #plans: readonly FramePlan[];
  #emittedPlans: readonly FramePlan[] = [];
  #condition: Condition = { condition: 'offline' };
  #captured = 0;
  #recent: readonly TimedPicture[] = [];
  readonly #shown = Promise.withResolvers<void>();
  /** What was asked for last. */
  tier: DecodeTier = 'every';

  constructor(id = 'cam-1', plan: FramePlan = IDLE_PLAN) {
    this.id = id;
    this.#plans = [plan];
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => {
      this.#slot.close();
      this.#shown.resolve();
    });
  }

  async stop(): Promise<void> {
    this.#slot.clear();
    this.#slot.close();
    this.#shown.resolve();
  }

  nextFrame(signal: AbortSignal): Promise<Frame | undefined> {
    return this.#slot.take(signal);
  }

  latestPicture(): Uint8Array | undefined {
    return this.#recent.at(-1)?.jpeg;
  }

  async waitForPicture(signal: AbortSignal): Promise<Uint8Array | undefined> {
    await untilAborted(this.#shown.promise, signal);
    return this.latestPicture();
  }

  recentPictures(): readonly TimedPicture[] {
    return this.#recent;
  }

  useTier(tier: DecodeTier): void {
    this.tier = tier;
  }

  health(): CameraHealth {
    return { ...this.#condition, quality01: this.#condition.condition === 'online' ? 1 : 0 };
  }

  counters(): CameraCounters {
    return { captured: this.#captured, skipped: this.#slot.overwritten(), reconnects: 0 };
  }

  onHealth(listener: (health: CameraHealth) => void): void {
    this.#listeners.push(listener);
  }

  async usePlans(plans: readonly FramePlan[]): Promise<void> {
    this.#plans = mergePlans(plans);
    if (!coversPlans(this.#emittedPlans, this.#plans)) this.#slot.clear();
  }

  /** Captures one frame. @param grey value of every byte; a model of the test may read it */
  emit(grey = 128, motion: Motion = { share01: 1, around: WHOLE }): void {
    this.#captured += 1;
    const pictures = this.#plans.map((plan) => ({ plan, rgb: new Uint8Array(frameBytes(plan)).fill(grey) }));
    this.#emittedPlans = this.#plans;
    const capturedAtMs = performance.now();
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
    this.#recent = [...this.#recent, { jpeg, capturedAtMs }].slice(-MAX_RECENT);
    this.#shown.resolve();
    void this.#slot.put({
      cameraId: this.id,
      sequence: this.#captured,
      capturedAtMs,
      motion,
      look: async () => [{ pictures }],
    });
    this.see({ condition: 'online' });
  }

  /** The recording is over. */
  end(): void {
    this.see({ condition: 'disabled', code: 'CAMERA_ENDED' });
    this.#slot.close();
    this.#shown.resolve();
  }

  see(condition: Condition): void {
    const isSame =
      condition.condition === this.#condition.condition && condition.code === this.#condition.code;
    this.#condition = condition;
    if (!isSame) for (const listener of this.#listeners) listener(this.health());
  }
}
