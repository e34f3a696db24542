import type { CameraConfig } from '@watchpost/shared/config/settings.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { CameraWatcher } from '../camera-set.ts';
import type { Camera } from '../capture/port.ts';
import { CameraWatch } from './camera-watch.ts';
import type { PipelineDeps } from './port.ts';

const TICK_MS = 5_000;

export type Pipeline = Component & CameraWatcher;

/** The frame path of every camera. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  return new CameraPipeline(deps);
}

class CameraPipeline implements Pipeline {
  readonly name = 'pipeline';
  readonly #deps: PipelineDeps;
  readonly #stopping = new AbortController();
  readonly #watches = new Map<CameraWatch, Promise<void>>();

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#deps.attention.governor.onChange(() => {
      for (const watch of this.#watches.keys()) watch.tellHealth();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#watches.values());
  }

  async watch(camera: Camera, config: CameraConfig): Promise<void> {
    const { governor } = this.#deps.attention;
    const orders = () => governor.orders(camera.id, () => this.#listOnline());
    const watch = new CameraWatch(camera, config, { ...this.#deps, orders });
    const run = this.#run(watch);
    this.#watches.set(watch, run);
    await run.finally(() => this.#watches.delete(watch));
  }

  retire(id: string): void {
    const { uplink, clock } = this.#deps;
    uplink.publish('cameraStatus', { tsMs: clock.wallMs(), condition: 'disabled', quality01: 0 }, id);
  }

  async #run(watch: CameraWatch): Promise<void> {
    watch.camera.onHealth(() => watch.tellHealth());
    watch.tellHealth();
    const ticking = setInterval(() => watch.tick(), TICK_MS);
    try {
      await watch.run(this.#stopping.signal);
    } finally {
      clearInterval(ticking);
      watch.tick();
    }
  }

  /** Those that take turns: a camera that is away needs none. */
  #listOnline(): readonly string[] {
    return [...this.#watches.keys()]
      .filter(({ camera }) => camera.health().condition === 'online')
      .map(({ camera }) => camera.id);
  }
}
