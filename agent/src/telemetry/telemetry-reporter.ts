import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { waitMs } from '@watchpost/shared/kernel/wait.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Uplink } from '../uplink/port.ts';
import type { Sample, TelemetrySource } from './port.ts';
import { summarise } from './summarise.ts';

export interface TelemetryReporterOptions {
  readonly source: TelemetrySource;
  readonly uplink: Pick<Uplink, 'publish' | 'record' | 'report'>;
  /** Pace of live samples. */
  readonly intervalSec: number;
  /** Window of a stored summary. */
  readonly summarySec: number;
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
  #windowStartMs = 0;

  constructor(options: TelemetryReporterOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: this.name });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#windowStartMs = this.#options.clock.monotonicMs();
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
    uplink.publish('telemetry', { ...sample, outbox: uplink.report(nowMs) });
    this.#window.push(sample);
    const [first, ...rest] = this.#window;
    const windowSec = (clock.monotonicMs() - this.#windowStartMs) / 1000;
    if (first === undefined || windowSec < summarySec) return;
    uplink.record('telemetry', { ...summarise([first, ...rest], windowSec), outbox: uplink.report(nowMs) });
    this.#window = [];
    this.#windowStartMs = clock.monotonicMs();
  }
}
