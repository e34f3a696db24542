import { useDocumentVisibility, useIntersection } from '@mantine/hooks';
import type { ReactNode } from 'react';
import type { CameraView } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { formatNumber, formatPercent } from '../shell/format.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { conditionWord, slowdownWords } from '../shell/state-words.ts';
import classes from './camera-card.module.css';
import { usePicture } from './use-picture.ts';

interface CameraCardProps {
  readonly deviceId: string;
  readonly camera: CameraView;
  /** False when what the camera last said is not about now. */
  readonly reachable: boolean;
}

export function CameraCard({ deviceId, camera, reachable }: CameraCardProps) {
  const { status } = camera;
  const flowing = reachable && status?.condition === 'online';
  return (
    <article className={classes.card} aria-label={`Camera ${camera.name}`}>
      <header className={classes.head}>
        <h2>{camera.name}</h2>
        {camera.name !== camera.id && <span className={classes.id}>{camera.id}</span>}
        <span className={classes.condition}>
          <StateBadge word={conditionWord(camera)} />
        </span>
      </header>
      <PictureView deviceId={deviceId} camera={camera} reachable={reachable} flowing={flowing} />
      {status && (status.condition !== 'online' || status.code !== undefined) && (
        <p className={classes.trouble}>
          {status.code && <code>{status.code}</code>} {status.detail} (<Ago atMs={status.tsMs} />)
        </p>
      )}
      {reachable && status?.slowed && (
        <p className={classes.slowed} role="status">
          {slowdownWords(status.slowed)} (<Ago atMs={status.slowed.sinceMs} />)
        </p>
      )}
      <CameraPace camera={camera} flowing={flowing} />
    </article>
  );
}

interface PictureViewProps extends CameraCardProps {
  readonly flowing: boolean;
}

function PictureView({ deviceId, camera, reachable, flowing }: PictureViewProps) {
  const { ref, entry } = useIntersection();
  const foreground = useDocumentVisibility() === 'visible';
  const inSight = foreground && entry?.isIntersecting === true;
  const hasPicture = camera.pictureAtMs !== undefined;
  const url = usePicture({
    device: deviceId,
    camera: camera.id,
    wanted: inSight && hasPicture,
    changing: reachable,
  });
  return (
    <div className={classes.picture} ref={ref} data-stale={!flowing || undefined}>
      {url && <img src={url} alt={`Latest frame of ${camera.name}`} />}
      {!hasPicture && <span className={classes.none}>No picture yet</span>}
      {camera.pictureAtMs !== undefined && (
        <span className={classes.age}>
          <Ago atMs={camera.pictureAtMs} />
        </span>
      )}
      <Prediction state={camera.state} flowing={flowing} />
    </div>
  );
}

interface PredictionProps {
  readonly state: CameraView['state'];
  readonly flowing: boolean;
}

function Prediction({ state, flowing }: PredictionProps) {
  if (state === undefined) return null;
  if (state.label === undefined) return flowing && <span className={classes.prediction}>undecided</span>;
  return (
    <span className={classes.prediction} data-testid="prediction" title={`decided by ${state.model}`}>
      <strong>{state.label}</strong> {formatPercent(state.score)}
      <span className={classes.since}>
        {flowing ? (
          <>
            for <Ago atMs={state.sinceMs} form="duration" />
          </>
        ) : (
          'when last seen'
        )}
      </span>
    </span>
  );
}

function CameraPace({
  camera: { stats, status },
  flowing,
}: {
  readonly camera: CameraView;
  readonly flowing: boolean;
}) {
  return (
    <dl className={classes.pace} data-stale={!flowing || undefined}>
      <Pace name="Classified" unit="fps">
        {stats && formatNumber(stats.processedFps, 1)}
        {stats && <span className={classes.of}> / {formatNumber(stats.capturedFps, 1)}</span>}
      </Pace>
      {stats?.gatedFps !== undefined && (
        <Pace name="Not looked at, nothing moves" unit="fps">
          {formatNumber(stats.gatedFps, 1)}
        </Pace>
      )}
      <Pace name="Inference p50" unit="ms">
        {stats && formatNumber(stats.inferMs.p50, 1)}
      </Pace>
      <Pace name="Inference p95" unit="ms">
        {stats && formatNumber(stats.inferMs.p95, 1)}
      </Pace>
      <Pace name="End to end p95" unit="ms">
        {stats && formatNumber(stats.endToEndMs.p95)}
      </Pace>
      <Pace name="Frames flowed" unit="">
        {status && formatPercent(status.quality01)}
      </Pace>
      <Pace name="Reconnects" unit="">
        {stats && formatNumber(stats.reconnects)}
      </Pace>
    </dl>
  );
}

interface PaceProps {
  readonly name: string;
  readonly unit: string;
  readonly children: ReactNode;
}

function Pace({ name, unit, children }: PaceProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children ?? '–'} {children !== undefined && <span className={classes.of}>{unit}</span>}
      </dd>
    </div>
  );
}
