import type { GovernorSettings } from '@watchpost/shared/config/settings.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RecentTelemetry, Sample } from '../telemetry/port.ts';
import { initialLadder, LEVELS, type Strain, stepLadder } from './ladder.ts';
import type { Governor, Orders, Slowdown } from './port.ts';
import { whoseTurn } from './turn.ts';

export interface BoxGovernorDeps {
  readonly settings: GovernorSettings;
  readonly telemetry: RecentTelemetry;
  /** Since when the look that has waited longest waits for the model, monotonic; undefined while none does. */
  readonly waitingSinceMs: () => number | undefined;
  /** Looks the model has answered so far. */
  readonly answered: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two looks at the box. */
  readonly everyMs?: number;
}

export interface BoxGovernor extends Component, Governor {
  /** Counts from the next look on. */
  useSettings(settings: GovernorSettings): void;
}

const EVERY_MS = 1_000;
/** A reading that is older is taken anew: telemetry may be set to a pace of an hour. */
const STALE_MS = 15_000;

/** Looks at the box once a second and says how much less it may look at its cameras. */
export function createBoxGovernor(deps: BoxGovernorDeps): BoxGovernor {
  return new LadderGovernor(deps);
}

class LadderGovernor implements BoxGovernor {
  readonly name = 'governor';
  readonly #deps: BoxGovernorDeps;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #settings: GovernorSettings;
  #ladder = initialLadder;
  #current: Slowdown | undefined;
  #answered = 0;
  #queueMs = 0;
  #onChange: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: BoxGovernorDeps) {
    this.#deps = deps;
    this.#settings = deps.settings;
    this.#log = deps.log.child({ component: this.name });
  }

  current(): Slowdown | undefined {
    return this.#current;
  }

  orders(camera: string, cameras: () => readonly string[]): Orders {
    const level = this.#current?.level ?? 'full';
    if (level !== 'one_camera') return { level, isTurn: true };
    return { level, isTurn: whoseTurn(cameras(), this.#deps.clock.monotonicMs()) === camera };
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  useSettings(settings: GovernorSettings): void {
    this.#settings = settings;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#loop = this.#run(AbortSignal.any([signal, this.#stopping.signal]));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { everyMs = EVERY_MS } = this.#deps;
    for (;;) {
      await waitMs(everyMs, signal);
      if (signal.aborted) return;
      await this.#look().catch((error: unknown) =>
        this.#log.warn({ error: describeError(error) }, 'the box could not be read'),
      );
    }
  }

  async #look(): Promise<void> {
    const { clock } = this.#deps;
    const before = this.#ladder;
    const strain = await this.#readStrain();
    this.#ladder = this.#settings.enabled
      ? stepLadder(before, strain, this.#settings, clock.monotonicMs())
      : initialLadder;
    const { level, why } = this.#ladder;
    if (level === before.level && why.join() === before.why.join()) return;
    this.#tell(strain);
  }

  async #readStrain(): Promise<Strain> {
    const { temperatures, throttled, cpu } = await this.#readBox();
    const hottest = Math.max(...temperatures.map(({ celsius }) => celsius));
    return {
      isThrottled: throttled,
      queueMs: this.#readQueueMs(),
      ...(temperatures.length > 0 && { celsius: hottest }),
      ...(cpu.pressureSome10 !== undefined && { cpuSome10: cpu.pressureSome10 }),
    };
  }

  /** What waits for a model that answers nothing waits for its end, and not because there is too much. */
  #readQueueMs(): number {
    const { clock, waitingSinceMs, answered } = this.#deps;
    const sinceMs = waitingSinceMs();
    const count = answered();
    if (sinceMs === undefined) this.#queueMs = 0;
    else if (count !== this.#answered) this.#queueMs = clock.monotonicMs() - sinceMs;
    this.#answered = count;
    return this.#queueMs;
  }

  async #readBox(): Promise<Sample> {
    const { telemetry, clock } = this.#deps;
    const nowMs = clock.wallMs();
    const latest = telemetry.latest();
    const isFresh = latest !== undefined && Math.abs(nowMs - latest.tsMs) < STALE_MS;
    return isFresh ? latest : await telemetry.sample(nowMs);
  }

  #tell(strain: Strain): void {
    const { level, why } = this.#ladder;
    const name = LEVELS[level] ?? 'full';
    if (name === 'full') {
      this.#current = undefined;
      this.#log.info({ ...strain }, 'the box looks at every frame again');
    } else {
      const sinceMs = this.#current?.sinceMs ?? this.#deps.clock.wallMs();
      this.#current = { level: name, why: [...why], sinceMs };
      this.#log.warn({ level: name, why, ...strain }, 'the box looks less often');
    }
    this.#onChange();
  }
}
