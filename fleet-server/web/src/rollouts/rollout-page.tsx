import { Skeleton } from '@mantine/core';
import { useCallback } from 'react';
import type { Api } from '../api/client.ts';
import { useServices } from '../services.ts';
import { Ago } from '../shell/ago.tsx';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { shortDigest } from '../shell/format.ts';
import { NotFound } from '../shell/not-found.tsx';
import { Page } from '../shell/page.tsx';
import { StateBadge } from '../shell/state-badge.tsx';
import { CountsBar, CountsList } from './counts-bar.tsx';
import type { Viewer } from './rollout-actions.ts';
import { RolloutControls } from './rollout-controls.tsx';
import { RolloutDevices } from './rollout-devices.tsx';
import { RolloutGates } from './rollout-gates.tsx';
import { RolloutGroups } from './rollout-groups.tsx';
import { RolloutHolds } from './rollout-holds.tsx';
import { RolloutJournal } from './rollout-journal.tsx';
import classes from './rollout-page.module.css';
import { RolloutPolicyPanel } from './rollout-policy.tsx';
import { ROLLOUT_WORDS } from './rollout-words.ts';
import {
  loadExplanation,
  loadJournal,
  loadRollout,
  type RolloutJournalEntry,
  type RolloutView,
} from './rollouts-api.ts';
import { usePolled } from './use-polled.ts';

const EVERY_MS = 3_000;

interface Shown {
  readonly rollout: RolloutView;
  readonly lines: readonly string[];
  /** Oldest first. */
  readonly journal: readonly RolloutJournalEntry[];
}

async function load(api: Api, id: string, before: Shown | undefined, signal: AbortSignal): Promise<Shown> {
  const known = before?.journal ?? [];
  const [rollout, { lines }, news] = await Promise.all([
    loadRollout(api, id, signal),
    loadExplanation(api, id, signal),
    loadJournal(api, id, known.at(-1)?.seq ?? 0, signal),
  ]);
  return { rollout, lines, journal: news.length === 0 ? known : [...known, ...news] };
}

export function RolloutPage({ id, viewer }: { readonly id: string; readonly viewer: Viewer }) {
  const { api } = useServices();
  const read = useCallback(
    (signal: AbortSignal, before: Shown | undefined) => load(api, id, before, signal),
    [api, id],
  );
  const { value, error, refresh } = usePolled(read, EVERY_MS);
  if (value === undefined) {
    if (error?.status === 404) return <NotFound what={`There is no rollout ${id}.`} />;
    return (
      <Page title="Rollout">
        {error ? <ErrorNotice error={error} /> : <Skeleton height={320} aria-label="Reading the rollout" />}
      </Page>
    );
  }
  const { rollout, lines, journal } = value;
  return (
    <Page title={`${rollout.name} (${ROLLOUT_WORDS[rollout.state].text.toLowerCase()})`}>
      {error && <ErrorNotice error={error} />}
      <Header rollout={rollout} viewer={viewer} journal={journal} onDone={refresh} />
      <RolloutGroups rollout={rollout} />
      <div className={classes.columns}>
        <RolloutHolds lines={lines} />
        <RolloutGates rollout={rollout} />
      </div>
      <RolloutDevices rollout={rollout} />
      <RolloutPolicyPanel rollout={rollout} />
      <RolloutJournal entries={journal} />
    </Page>
  );
}

interface HeaderProps {
  readonly rollout: RolloutView;
  readonly viewer: Viewer;
  readonly journal: readonly RolloutJournalEntry[];
  readonly onDone: () => void;
}

function Header({ rollout, viewer, journal, onDone }: HeaderProps) {
  const { name, state, why, counts } = rollout;
  const word = ROLLOUT_WORDS[state];
  return (
    <section className={classes.panel} data-tone={word.tone} aria-labelledby="rollout-name">
      <header className={classes.title}>
        <h1 id="rollout-name">{name}</h1>
        <span role="status" aria-label="State of the rollout">
          <StateBadge word={word} />
        </span>
        <span className={classes.why}>{why}</span>
        <RolloutControls rollout={rollout} viewer={viewer} onDone={onDone} />
      </header>
      <div className={classes.body}>
        <CountsBar counts={counts} label="All groups" />
        <CountsList counts={counts} />
        <Facts rollout={rollout} journal={journal} />
      </div>
    </section>
  );
}

function Facts({ rollout, journal }: Pick<HeaderProps, 'rollout' | 'journal'>) {
  const { model, version, bundleDigest, filter, createdBy, createdAtMs, priority, requiresApproval } =
    rollout;
  const approval = journal.find(({ to, why }) => to === 'ready' && why.startsWith('approve'));
  return (
    <dl className={classes.facts}>
      <dt>Model</dt>
      <dd>
        {model}@{version} <code>{shortDigest(bundleDigest)}</code>
      </dd>
      <dt>Devices</dt>
      <dd>{filter ? <code>{filter}</code> : 'every accepted device'}</dd>
      <dt>Made</dt>
      <dd>
        by {createdBy}, <Ago atMs={createdAtMs} />
      </dd>
      {requiresApproval && (
        <>
          <dt>Approved</dt>
          <dd>
            {approval ? (
              <>
                by {approval.actor}, <Ago atMs={approval.atMs} />
              </>
            ) : (
              'by nobody yet'
            )}
          </dd>
        </>
      )}
      <dt>Priority</dt>
      <dd>{priority}</dd>
    </dl>
  );
}
