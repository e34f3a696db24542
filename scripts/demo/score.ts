/** What stood in the picture, frame by frame, as runs of frames with one label. */
export interface Truth {
  readonly fps: number;
  readonly frames: number;
  readonly runs: readonly { readonly fromFrame: number; readonly toFrame: number; readonly label: string }[];
}

/** The part of a stored event the score needs. */
export interface ScoredEvent {
  readonly type: 'new' | 'update' | 'end';
  readonly label: string;
  readonly mediaMs?: number;
}

export interface Score {
  /** Moments judged: the truth is clear there, and has been for `settleMs`. */
  readonly judged: number;
  readonly right: number;
}

/** Labels of the truth that are no verdict: an animal half out of the picture, or two kinds at once. */
const UNCLEAR = new Set(['edge', 'mixed']);
const STEP_MS = 200;

/**
 * Compares what a camera decided with what was there, every 200 ms of the recording. A moment counts once the same
 * truth has stood for `settleMs`: a decision needs its votes, and lags by design.
 * @param events of one camera in the order of their numbers
 * @param background the truth's label for an empty picture
 */
export function computeScore(
  truth: Truth,
  events: readonly ScoredEvent[],
  settleMs: number,
  background: string,
): Score {
  const sightings = toSightings(events, (truth.frames * 1000) / truth.fps);
  let judged = 0;
  let right = 0;
  for (const run of truth.runs) {
    if (UNCLEAR.has(run.label)) continue;
    const untilMs = ((run.toFrame + 1) * 1000) / truth.fps;
    for (let atMs = (run.fromFrame * 1000) / truth.fps + settleMs; atMs < untilMs; atMs += STEP_MS) {
      const decided =
        sightings.find((sighting) => sighting.fromMs <= atMs && atMs < sighting.toMs)?.label ?? background;
      judged += 1;
      if (decided === run.label) right += 1;
    }
  }
  return { judged, right };
}

interface Sighting {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** An event without a position was decided when the recording was over. */
function toSightings(events: readonly ScoredEvent[], durationMs: number): readonly Sighting[] {
  const sightings: Sighting[] = [];
  let open: { readonly label: string; readonly fromMs: number } | undefined;
  for (const event of events) {
    if (event.type === 'new') open = { label: event.label, fromMs: event.mediaMs ?? durationMs };
    if (event.type !== 'end' || open === undefined) continue;
    sightings.push({ ...open, toMs: event.mediaMs ?? durationMs });
    open = undefined;
  }
  return open === undefined ? sightings : [...sightings, { ...open, toMs: durationMs }];
}
