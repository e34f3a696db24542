import { useState } from 'react';
import type { Telemetry } from '../api/client.ts';
import { formatDuration, formatTime } from '../shell/format.ts';
import { Sparkline } from './sparkline.tsx';
import { type Point, pointAt } from './sparkline-path.ts';
import { frameOf, METRICS, type Metric, readPoints } from './telemetry-metrics.ts';
import classes from './telemetry-panel.module.css';

export function TelemetryPanel({ samples }: { readonly samples: readonly Telemetry[] }) {
  const first = samples[0];
  const last = samples.at(-1);
  return (
    <section className={classes.panel} aria-labelledby="telemetry-title">
      <header className={classes.title}>
        <h2 id="telemetry-title">Telemetry</h2>
        {first && last && <span>last {formatDuration(last.tsMs - first.tsMs)}</span>}
      </header>
      {last === undefined && <p className={classes.none}>Nothing reported yet.</p>}
      {last && (
        <div className={classes.tiles}>
          {METRICS.map((metric) => (
            <MetricTile key={metric.name} metric={metric} samples={samples} last={last} />
          ))}
        </div>
      )}
    </section>
  );
}

interface MetricTileProps {
  readonly metric: Metric;
  readonly samples: readonly Telemetry[];
  readonly last: Telemetry;
}

function MetricTile({ metric, samples, last }: MetricTileProps) {
  const [x01, setX01] = useState<number>();
  const lines = metric.series.map((series) => readPoints(series, samples));
  const frame = frameOf(lines, metric.topAtLeast);
  const shown = lines.map((line) => (x01 === undefined ? line.at(-1) : pointAt(line, frame, x01)));
  if (lines.every((line) => line.length === 0)) return null;
  const note = metric.note?.(last);

  return (
    <div className={classes.tile}>
      <div className={classes.head}>
        <span className={classes.name}>{metric.name}</span>
        <Values metric={metric} points={shown} />
      </div>
      <Sparkline description={describe(metric, lines)} lines={lines} frame={frame} onPoint={setX01} />
      <div className={classes.note} data-alarm={metric.alarm?.(last) || undefined} title={note}>
        {x01 === undefined ? note : shown[0] && formatTime(shown[0].atMs)}
      </div>
    </div>
  );
}

interface ValuesProps {
  readonly metric: Metric;
  readonly points: readonly (Point | undefined)[];
}

function Values({ metric, points }: ValuesProps) {
  const named = metric.series.length > 1;
  return (
    <span className={classes.values}>
      {metric.series.map((series, index) => {
        const point = points[index];
        return (
          <span key={series.name} className={classes.value} data-line={index}>
            {named && <span className={classes.series}>{series.name}</span>}
            {point ? metric.format(point.value) : '–'}
          </span>
        );
      })}
    </span>
  );
}

function describe(metric: Metric, lines: readonly (readonly Point[])[]): string {
  const parts = metric.series.map((series, index) => {
    const values = (lines[index] ?? []).map((point) => point.value);
    const now = values.at(-1);
    if (now === undefined) return `${series.name} unknown`;
    const [low, high] = [Math.min(...values), Math.max(...values)].map(metric.format);
    return `${series.name} now ${metric.format(now)}, between ${low} and ${high}`;
  });
  return `${metric.name}: ${parts.join('; ')}`;
}
