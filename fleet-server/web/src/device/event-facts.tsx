import type { StoredEvent } from '../api/client.ts';
import { formatDateTime, formatPercent, shortDigest } from '../shell/format.ts';
import classes from './event-facts.module.css';

/** Why it was decided: what a person needs to follow it, and to look it up. */
export function EventFacts({ event }: { readonly event: StoredEvent }) {
  const { id, votes, thresholds, bundleDigest, score, region, mediaMs, receivedAtMs } = event;
  return (
    <dl className={classes.facts}>
      <Fact name="Votes">
        {votes.label} of the last {votes.window} frames
      </Fact>
      <Fact name="Score">{formatPercent(score)}, their mean</Fact>
      <Fact name="Thresholds">
        in from {formatPercent(thresholds.enter)}, out below {formatPercent(thresholds.exit)}
      </Fact>
      {region !== undefined && <Fact name="Region">{region}</Fact>}
      {mediaMs !== undefined && <Fact name="In the recording">{(mediaMs / 1000).toFixed(1)} s</Fact>}
      <Fact name="Bundle">
        <code title={bundleDigest}>{shortDigest(bundleDigest)}</code>
      </Fact>
      <Fact name="Received">{formatDateTime(receivedAtMs)}</Fact>
      <Fact name="Event">
        <code>{id}</code>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
