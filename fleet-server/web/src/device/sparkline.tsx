import { type PointerEvent, useState } from 'react';
import classes from './sparkline.module.css';
import { areaPath, type Frame, HEIGHT, linePath, type Point, splitAtGaps, WIDTH } from './sparkline-path.ts';

interface SparklineProps {
  /** What the drawing says, for who does not see it. */
  readonly description: string;
  readonly lines: readonly (readonly Point[])[];
  readonly frame: Frame;
  /** Where the pointer is, as a share of the width; undefined when it leaves. */
  readonly onPoint: (x01: number | undefined) => void;
}

export function Sparkline({ description, lines, frame, onPoint }: SparklineProps) {
  const [x01, setX01] = useState<number>();
  const point = (next: number | undefined): void => {
    setX01(next);
    onPoint(next);
  };
  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    point((event.clientX - box.left) / box.width);
  };
  return (
    <svg
      className={classes.chart}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={description}
      onPointerMove={onPointerMove}
      onPointerLeave={() => point(undefined)}
    >
      {lines.map((line, index) => (
        // The lines of a metric never change their order.
        <Line key={lineKey(index)} points={line} frame={frame} index={index} />
      ))}
      {x01 !== undefined && (
        <line className={classes.cursor} x1={x01 * WIDTH} x2={x01 * WIDTH} y1={0} y2={HEIGHT} />
      )}
    </svg>
  );
}

const lineKey = (index: number): string => `line-${index}`;

interface LineProps {
  readonly points: readonly Point[];
  readonly frame: Frame;
  readonly index: number;
}

function Line({ points, frame, index }: LineProps) {
  const runs = splitAtGaps(points);
  return (
    <g data-line={index}>
      {index === 0 && <path className={classes.area} d={runs.map((run) => areaPath(run, frame)).join('')} />}
      <path className={classes.line} d={runs.map((run) => linePath(run, frame)).join('')} />
    </g>
  );
}
