import type { HintPoint } from './hint-point.ts';
import { computeMedian, type TrendPoint } from './robust-trend.ts';
import { HOUR_SEC, type Sign } from './sign.ts';

const PACE = { recentCount: 10, baselineAgeSec: HOUR_SEC, baselineCount: 30 };
const FPS_FALL01 = 0.3;
const SLOWER01 = 0.5;

/** The median of what was last, and of what was before the last hour; undefined while there is too little of either. */
function comparePace(
  points: readonly TrendPoint[],
  last: HintPoint,
): { readonly now: number; readonly usual: number } | undefined {
  const recent = points.slice(-PACE.recentCount);
  const before = points.filter(({ x }) => last.atSec - x > PACE.baselineAgeSec);
  if (recent.length < PACE.recentCount || before.length < PACE.baselineCount) return undefined;
  const [now, usual] = [recent, before].map((part) => computeMedian(part.map(({ y }) => y)));
  return now === undefined || usual === undefined || usual <= 0 ? undefined : { now, usual };
}

/** Of the windows in which something moved: while nothing does, fewer pictures are decoded on purpose. */
export function findSlowFrames(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const points = history.flatMap(({ atSec, pace }) =>
    pace?.isBusy && pace.captured01 !== undefined ? [{ x: atSec, y: pace.captured01 }] : [],
  );
  const pace = comparePace(points, last);
  if (pace === undefined) return [];
  const fewer01 = 1 - pace.now / pace.usual;
  return [
    {
      code: 'fps_falling',
      score: Math.max(0, fewer01 / FPS_FALL01),
      severity: 'warning',
      urgentAt: 2,
      evidence: { captured01: pace.now, usual01: pace.usual },
      text: `The cameras deliver ${(fewer01 * 100).toFixed(0)} % fewer frames than is usual on this box. Look at the load, the network and the cameras.`,
    },
  ];
}

export function findSlowModel(history: readonly HintPoint[], last: HintPoint): readonly Sign[] {
  const points = history.flatMap(({ atSec, pace }) =>
    pace?.digest === last.pace?.digest && pace?.inferP95Ms !== undefined
      ? [{ x: atSec, y: pace.inferP95Ms }]
      : [],
  );
  const pace = comparePace(points, last);
  if (pace === undefined) return [];
  const slower01 = pace.now / pace.usual - 1;
  return [
    {
      code: 'inference_slowing',
      score: Math.max(0, slower01 / SLOWER01),
      severity: 'notice',
      urgentAt: 4,
      evidence: { inferP95Ms: pace.now, usualMs: pace.usual },
      text: `The model takes ${pace.now.toFixed(0)} ms, and took ${pace.usual.toFixed(0)} ms. Look at the temperature and at what else runs on this box.`,
    },
  ];
}
