import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Uplink } from '../uplink/port.ts';
import { computeInferenceWindow } from './inference-window.ts';
import type { HintWatch, InferenceReading, Sample, TelemetrySource } from './port.ts';
import { summarise } from './summarise.ts';

export interface TelemetryReporterOptions {
  readonly source: TelemetrySource;
  readonly uplink: Pick<Uplink, 'publish' | 'record' | 'report'>;
  /** Pace of live samples. */
  readonly intervalSec: number;
  /** Window of a stored summary. */
  readonly summarySec: number;
  /** What the summaries tell of the model in work; without it they tell nothing of it. */
  readonly inference?: () => InferenceReading;
  /** What the summaries are signs of; without it nothing is told of that. */
  readonly hints?: HintWatch;
  /** How the box is slowed down now, if it is. */
  readonly slowed?: () => Telemetry['slowed'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Live samples for whoever watches now, and a durable summary of each window for the history. */
export function createTelemetryReporter(options: TelemetryReporterOptions): Component {
  return new TelemetryReporter(options);
}

class TelemetryReporter implements Component {
  readonly name = 'telemetry-reporter';
  readonly #options: TelemetryReporterOptions;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #window: Sample[] = [];
  #readings: InferenceReading[] = [];
  #windowStartMs = 0;

  constructor(options: TelemetryReporterOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: this.name });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#windowStartMs = this.#options.clock.monotonicMs();
    this.#readInference();
    this.#loop = this.#run(AbortSignal.any([signal, this.#stopping.signal]));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { intervalSec } = this.#options;
    while (!signal.aborted) {
      // Telemetry is never a reason for the cameras to stop.
      await this.#report().catch((err: unknown) => this.#log.warn({ err }, 'telemetry sample failed'));
      await waitMs(intervalSec * 1000, signal);
    }
  }

  async #report(): Promise<void> {
    const { source, uplink, clock, summarySec } = this.#options;
    const nowMs = clock.wallMs();
    const sample = await source.sample(nowMs);
    uplink.publish('telemetry', { ...sample, ...this.#tellMore(), outbox: uplink.report(nowMs) });
    this.#window.push(sample);
    this.#readInference();
    const [first, ...rest] = this.#window;
    const windowSec = Math.round(clock.monotonicMs() - this.#windowStartMs) / 1000;
    if (first === undefined || windowSec < summarySec) return;
    const inference = computeInferenceWindow(this.#readings);
    const summary = summarise([first, ...rest], windowSec);
    this.#options.hints?.look(summary, inference, { nowMs, fpsSet: this.#readings.at(-1)?.fpsSet });
    uplink.record('telemetry', {
      ...summary,
      ...(inference !== undefined && { inference }),
      ...this.#tellMore(),
      outbox: uplink.report(nowMs),
    });
    this.#window = [];
    // The end of this window is the beginning of the next.
    this.#readings = this.#readings.slice(-1);
    this.#windowStartMs = clock.monotonicMs();
  }

  #tellMore(): Pick<Telemetry, 'hints' | 'slowed'> {
    const { hints } = this.#options;
    const slowed = this.#options.slowed?.();
    return {
      ...(hints !== undefined && { hints: [...hints.current()] }),
      ...(slowed !== undefined && { slowed }),
    };
  }

  #readInference(): void {
    const reading = this.#options.inference?.();
    if (reading !== undefined) this.#readings.push(reading);
  }
}
