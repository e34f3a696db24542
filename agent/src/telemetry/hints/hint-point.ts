import type { InferenceWindow } from '@watchpost/shared/messages/telemetry.ts';
import type { Sample } from '../port.ts';

/** What hints are concluded from: one summary. */
export interface HintPoint {
  /** Since the machine was started: a wall clock may be set. */
  readonly atSec: number;
  readonly temperatures: Sample['temperatures'];
  readonly disk: Sample['disk'];
  /** To the disk in this window; in a history since that began. */
  readonly writtenBytes: number;
  readonly availableBytes: number;
  /** What the agent and all it started keep in memory. */
  readonly agentBytes: number;
  readonly isUnderVoltage: boolean;
  readonly pace?: WindowPace;
}

/** What the model in work did in the window. */
export interface WindowPace {
  /** Of the bundle that ran. */
  readonly digest: string;
  /** Frames captured, as a share of those the cameras are set to. */
  readonly captured01?: number;
  /** What was captured was to be classified: the cameras were looked at all the time, something moved. */
  readonly isBusy: boolean;
  readonly inferP95Ms?: number;
}

/** Of a box that does not tell how many frames were due. */
const BUSY01 = 0.5;
/** Those of a change of plans may be missing. */
const ALL_DUE01 = 0.95;
const SEC_PER_DAY = 86_400;

/**
 * @param summary of a window @param inference what its model did, where one did
 * @param fpsSet frames a second that all cameras are set to
 */
export function toHintPoint(
  summary: Sample,
  inference: InferenceWindow | undefined,
  fpsSet: number | undefined,
): HintPoint {
  const { uptimeSec, temperatures, disk, memory, throttleReasons = [], windowSec } = summary;
  const { processes = [{ rssBytes: memory.agentRssBytes }] } = memory;
  return {
    atSec: uptimeSec,
    temperatures,
    disk,
    writtenBytes: ((disk.writtenBytesPerDay ?? 0) * windowSec) / SEC_PER_DAY,
    availableBytes: memory.availableBytes,
    agentBytes: processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    isUnderVoltage: throttleReasons.includes('under_voltage'),
    ...(inference !== undefined && { pace: toPace(inference, windowSec, fpsSet) }),
  };
}

function toPace(
  { digest, framesCaptured, framesClassified, framesDue, inferP95Ms }: InferenceWindow,
  windowSec: number,
  fpsSet: number | undefined,
): WindowPace {
  const framesSet = (fpsSet ?? 0) * windowSec;
  return {
    digest,
    isBusy:
      framesCaptured > 0 &&
      (framesDue === undefined
        ? framesClassified >= framesCaptured * BUSY01
        : framesDue >= framesCaptured * ALL_DUE01),
    ...(framesSet > 0 && { captured01: framesCaptured / framesSet }),
    ...(inferP95Ms !== undefined && { inferP95Ms }),
  };
}

/** Every point of the last hour; before it one in ten minutes, for two days. */
const FINE_SEC = 3_600;
const COARSE_SEC = 600;
const KEPT_SEC = 48 * 3_600;

/** The history with one point more, of which old ones are thinned out. @param history oldest first */
export function keepPoint(history: readonly HintPoint[], point: HintPoint): readonly HintPoint[] {
  const last = history.at(-1);
  // The machine was started anew, or its uptime could not be read.
  if (last !== undefined && point.atSec <= last.atSec) return [point];
  const kept = history.filter(({ atSec }, index) => {
    const ageSec = point.atSec - atSec;
    if (ageSec <= FINE_SEC) return true;
    const before = history[index - 1];
    const isFirstOfItsSlot = slotOf(atSec) !== (before === undefined ? undefined : slotOf(before.atSec));
    return isFirstOfItsSlot && ageSec <= KEPT_SEC;
  });
  return [...kept, { ...point, writtenBytes: point.writtenBytes + (last?.writtenBytes ?? 0) }];
}

const slotOf = (atSec: number): number => Math.floor(atSec / COARSE_SEC);
