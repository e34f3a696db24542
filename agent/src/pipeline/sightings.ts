import type { EventBody } from '@watchpost/shared/messages/event.ts';
import type { Decider, Decision } from '../decision/port.ts';
import type { Classification, RunningModel } from '../inference/port.ts';
import { computeCameraState, type ViewState } from './camera-state.ts';
import type { LookPace, PipelineDeps } from './port.ts';

/** Where and when a classified picture was captured. */
export interface Seen {
  readonly region?: string;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly mediaMs?: number;
}

/** What is seen by one camera, view by view: votes go in, events go out. */
export interface Sightings {
  count(classification: Classification, seen: Seen): void;
  /** Whether the last look of each view agrees with what was decided. */
  isSettled(): boolean;
  /** Closes what nobody has looked at for too long. */
  lapse(): void;
  /** Closes everything: the source ended. */
  endAll(): void;
}

interface View {
  readonly region: string | undefined;
  decider: Decider | undefined;
  decidedBy: RunningModel | undefined;
  /** Id of the sighting that is open; events of one sighting share it. */
  sightingId: string;
  votedAtMs: number;
  state: ViewState | undefined;
}

export type SightingsDeps = Pick<PipelineDeps, 'uplink' | 'counts' | 'clock' | 'log' | 'decisions'>;

export function createSightings(deps: SightingsDeps, cameraId: string, pace: LookPace): Sightings {
  return new CameraSightings(deps, cameraId, pace);
}

class CameraSightings implements Sightings {
  readonly #deps: SightingsDeps;
  readonly #cameraId: string;
  readonly #pace: LookPace;
  readonly #views = new Map<string | undefined, View>();

  constructor(deps: SightingsDeps, cameraId: string, pace: LookPace) {
    this.#deps = deps;
    this.#cameraId = cameraId;
    this.#pace = pace;
  }

  count({ model, prediction }: Classification, { region, atMs, mediaMs }: Seen): void {
    const view = this.#viewOf(region);
    // The last look of a model that was replaced meanwhile may come after the first one of the next.
    if (atMs <= view.votedAtMs) return;
    view.votedAtMs = atMs;
    const { probabilities } = prediction;
    for (const decision of this.#deciderFor(model, view).step({ atMs, probabilities }))
      this.#tell(decision, view, mediaMs);
  }

  isSettled(): boolean {
    return [...this.#views.values()].every(({ decider }) => decider?.standpoint().isSettled !== false);
  }

  lapse(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const view of this.#views.values())
      for (const decision of view.decider?.lapse(nowMs) ?? []) this.#tell(decision, view);
  }

  endAll(): void {
    for (const view of this.#views.values()) this.#end(view);
  }

  #viewOf(region: string | undefined): View {
    const known = this.#views.get(region);
    if (known !== undefined) return known;
    const view: View = {
      region,
      decider: undefined,
      decidedBy: undefined,
      sightingId: '',
      votedAtMs: -Infinity,
      state: undefined,
    };
    this.#views.set(region, view);
    return view;
  }

  /** A new model starts with no memory of the old one's votes; what the old one saw is closed in its name. */
  #deciderFor(model: RunningModel, view: View): Decider {
    if (view.decider !== undefined && view.decidedBy === model) return view.decider;
    this.#end(view);
    view.decider = this.#deps.decisions.createDecider(model, this.#pace);
    view.decidedBy = model;
    return view.decider;
  }

  #end(view: View): void {
    for (const decision of view.decider?.endAll() ?? []) this.#tell(decision, view);
  }

  #tell(decision: Decision, view: View, mediaMs?: number): void {
    const { clock, counts, decisions } = this.#deps;
    const model = view.decidedBy;
    if (model === undefined) return;
    if (decision.type === 'new') {
      view.sightingId = decisions.newId();
      counts.onSighting();
    }
    if (decision.type === 'end') counts.onSightingEnd();
    const tsMs = Math.round(clock.wallMs() - (clock.monotonicMs() - decision.atMs));
    const isSeen = decision.type !== 'end';
    view.state = {
      ...(view.region !== undefined && { region: view.region }),
      ...(isSeen && { label: decision.label }),
      score: decision.score,
      sinceMs: decision.type === 'update' ? (view.state?.sinceMs ?? tsMs) : tsMs,
    };
    this.#publishEvent(decision, view, { model, tsMs, ...(mediaMs !== undefined && { mediaMs }) });
    this.#publishState(model, tsMs);
  }

  #publishEvent(
    { atMs, ...decision }: Decision,
    { sightingId, region }: View,
    {
      model,
      tsMs,
      mediaMs,
    }: { readonly model: RunningModel; readonly tsMs: number; readonly mediaMs?: number },
  ): void {
    const { uplink, decisions, log } = this.#deps;
    const { enter, exit } = model.manifest.decision;
    const where = region === undefined ? {} : { region };
    const event: EventBody = {
      id: sightingId,
      ...decision,
      ...where,
      tsMs,
      ...(mediaMs !== undefined && { mediaMs }),
      thresholds: { enter, exit },
      bundleDigest: model.digest,
    };
    const { id: eventId, type, label } = event;
    uplink.record('cameraEvent', event, this.#cameraId);
    decisions.onDecision?.({
      cameraId: this.#cameraId,
      ...{ eventId, type, label, ...where, tsMs },
      frameAtMs: atMs,
    });
    log.info({ camera: this.#cameraId, id: eventId, type, label, ...where, tsMs }, 'event');
  }

  #publishState({ manifest, digest }: RunningModel, tsMs: number): void {
    const [first, ...others] = [...this.#views.values()].flatMap(({ state }) => state ?? []);
    if (first === undefined) return;
    this.#deps.uplink.publish(
      'cameraState',
      {
        tsMs,
        ...computeCameraState([first, ...others]),
        model: `${manifest.model}@${manifest.version}`,
        digest,
      },
      this.#cameraId,
    );
  }
}
