import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { planCameras } from './camera-plan.ts';
import type { Camera } from './capture/port.ts';
import type { CameraConfig } from './config/schema.ts';

/** Whoever takes the frames of cameras. */
export interface CameraWatcher {
  /** Follows a camera until it stops. Resolves when all that it showed was told. Never rejects. */
  watch(camera: Camera, config: CameraConfig): Promise<void>;
  /** There is no such camera any more. */
  retire(id: string): void;
}

export interface CameraSetDeps {
  /** As at the start. */
  readonly cameras: readonly CameraConfig[];
  /** Makes an inert camera, with the plans of the model that runs now. */
  readonly open: (config: CameraConfig) => Camera;
  readonly log: Logger;
}

/** The cameras of this box, as they come and go while it runs. */
export interface CameraSet extends Component {
  /** Those there are now. */
  list(): readonly Camera[];
  /** Their settings. */
  configs(): readonly CameraConfig[];
  /** Who watches them; before the start. */
  watchWith(watcher: CameraWatcher): void;
  /** Called when there are other cameras than before, and none that came has said anything yet. One listener. */
  onChange(listener: () => void): void;
  /**
   * Brings the cameras to these settings: what did not change is not touched. Resolves when those that went are stopped
   * and those that came are started; what a camera does then is its own affair.
   */
  apply(cameras: readonly CameraConfig[]): Promise<void>;
  /** Stops a camera and opens it anew with the settings it has; nothing where there is none of this id. */
  restart(id: string): Promise<void>;
}

export function createCameraSet(deps: CameraSetDeps): CameraSet {
  return new RunningCameraSet(deps);
}

interface Entry {
  readonly config: CameraConfig;
  readonly camera: Camera;
  /** Resolves when the watcher is through with it. */
  watched: Promise<void>;
}

class RunningCameraSet implements CameraSet {
  readonly name = 'cameras';
  readonly #deps: CameraSetDeps;
  readonly #stopping = new AbortController();
  #signal: AbortSignal | undefined;
  #watcher: CameraWatcher | undefined;
  #onChange: () => void = () => undefined;
  #entries: ReadonlyMap<string, Entry>;
  /** One change after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(deps: CameraSetDeps) {
    this.#deps = deps;
    this.#entries = new Map(deps.cameras.map((config) => [config.id, this.#open(config)]));
  }

  list(): readonly Camera[] {
    return [...this.#entries.values()].map(({ camera }) => camera);
  }

  configs(): readonly CameraConfig[] {
    return [...this.#entries.values()].map(({ config }) => config);
  }

  watchWith(watcher: CameraWatcher): void {
    this.#watcher = watcher;
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const entry of this.#entries.values()) await this.#start(entry);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await Promise.all([...this.#entries.values()].map(halt));
  }

  apply(cameras: readonly CameraConfig[]): Promise<void> {
    this.#work = this.#work.then(() => this.#change(cameras));
    return this.#work;
  }

  restart(id: string): Promise<void> {
    this.#work = this.#work.then(() => this.#restart(id));
    return this.#work;
  }

  async #restart(id: string): Promise<void> {
    const before = this.#entries.get(id);
    if (before === undefined || this.#stopping.signal.aborted) return;
    await halt(before);
    const after = this.#open(before.config);
    // Over its own key, so in its place.
    this.#entries = new Map(this.#entries).set(id, after);
    await this.#start(after);
    this.#deps.log.info({ camera: id }, 'camera restarted');
  }

  async #change(cameras: readonly CameraConfig[]): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const before = this.#entries;
    const plan = planCameras(this.configs(), cameras);
    const gone = [...plan.stop, ...plan.replace.map(({ id }) => id)].flatMap((id) => before.get(id) ?? []);
    await Promise.all(gone.map(halt));
    for (const id of plan.stop) this.#watcher?.retire(id);
    const come = new Map([...plan.replace, ...plan.start].map((config) => [config.id, this.#open(config)]));
    // In the order of the settings, as people wrote them.
    this.#entries = new Map(
      cameras.flatMap(({ id }) => {
        const entry = come.get(id) ?? before.get(id);
        return entry === undefined ? [] : [[id, entry] as const];
      }),
    );
    if (gone.length + come.size > 0) this.#onChange();
    for (const entry of come.values()) await this.#start(entry);
    const { keep, stop } = plan;
    const [replaced, started] = [plan.replace, plan.start].map((some) => some.map(({ id }) => id));
    this.#deps.log.info({ keep, stop, replaced, started }, 'cameras changed');
  }

  #open(config: CameraConfig): Entry {
    return { config, camera: this.#deps.open(config), watched: Promise.resolve() };
  }

  async #start(entry: Entry): Promise<void> {
    const { camera, config } = entry;
    if (this.#signal === undefined) throw new Error('the cameras were not started');
    entry.watched = this.#watcher?.watch(camera, config) ?? Promise.resolve();
    await camera.start(this.#signal);
  }
}

async function halt({ camera, watched }: Entry): Promise<void> {
  await camera.stop();
  await watched;
}
