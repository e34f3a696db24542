import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';

/** A component that is made anew when the settings it was made from change. */
export interface Renewable<Settings> extends Component {
  /** Stops the one that runs and starts another; while the settings are the same, nothing happens. */
  renew(settings: Settings): Promise<void>;
}

/** @param make of an inert component; undefined where these settings ask for none */
export function createRenewable<Settings>(
  name: string,
  atStart: Settings,
  make: (settings: Settings) => Component | undefined,
): Renewable<Settings> {
  let settings = atStart;
  let running: Component | undefined;
  let life: AbortSignal | undefined;
  let work: Promise<void> = Promise.resolve();
  const begin = async (signal: AbortSignal): Promise<void> => {
    const next = make(settings);
    await next?.start(signal);
    running = next;
  };
  const end = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    name,
    start: async (signal) => {
      life = signal;
      await begin(signal);
    },
    stop: () => {
      life = undefined;
      work = work.then(end);
      return work;
    },
    renew: (wanted) => {
      work = work.then(async () => {
        if (life === undefined || canonicalJson(wanted) === canonicalJson(settings)) return;
        settings = wanted;
        await end();
        await begin(life);
      });
      return work;
    },
  };
}
