import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useServices } from '../services.ts';
import { Ago } from '../shell/ago.tsx';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { Link } from '../shell/link.tsx';
import { Page } from '../shell/page.tsx';
import { NEW_ROLLOUT_PATH, rolloutPath } from '../shell/route.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { CountsBar } from './counts-bar.tsx';
import { ROLLOUT_WORDS } from './rollout-words.ts';
import { loadRollouts, type RolloutSummary } from './rollouts-api.ts';
import classes from './rollouts-page.module.css';
import { usePolled } from './use-polled.ts';

const EVERY_MS = 5_000;

/** Every rollout, newest first. */
export function RolloutsPage({ mayOperate }: { readonly mayOperate: boolean }) {
  const { api } = useServices();
  const [pages, setPages] = useState(1);
  const load = useCallback(
    async (signal: AbortSignal) => {
      let { rollouts, next } = await loadRollouts(api, undefined, signal);
      for (let page = 1; page < pages && next !== undefined; page += 1) {
        const older = await loadRollouts(api, next, signal);
        rollouts = [...rollouts, ...older.rollouts];
        next = older.next;
      }
      return { rollouts, next };
    },
    [api, pages],
  );
  const { value, error } = usePolled(load, EVERY_MS);
  return (
    <Page title="Rollouts">
      <header className={classes.head}>
        <Title order={1} size="h3">
          Rollouts
        </Title>
        {mayOperate && (
          <Button component={Link} href={NEW_ROLLOUT_PATH} size="sm">
            New rollout
          </Button>
        )}
      </header>
      {error && <ErrorNotice error={error} />}
      {!value && !error && <Skeleton height={240} aria-label="Reading the rollouts" />}
      {value?.rollouts.length === 0 && <NoRollout />}
      {value && value.rollouts.length > 0 && <Rows rollouts={value.rollouts} />}
      {value?.next !== undefined && (
        <Button variant="default" onClick={() => setPages(pages + 1)}>
          Show older
        </Button>
      )}
    </Page>
  );
}

function Rows({ rollouts }: { readonly rollouts: readonly RolloutSummary[] }) {
  return (
    <ul className={classes.list} aria-label="Rollouts">
      {rollouts.map((rollout) => (
        <Row key={rollout.id} rollout={rollout} />
      ))}
    </ul>
  );
}

function Row({ rollout }: { readonly rollout: RolloutSummary }) {
  const { id, name, state, model, version, counts, group, groups, createdAtMs, createdBy } = rollout;
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <Link href={rolloutPath(id)} className={classes.name}>
          {name}
        </Link>
        <span className={classes.dim}>
          {model}@{version}
        </span>
      </div>
      <StateBadge word={ROLLOUT_WORDS[state]} />
      <div className={classes.progress}>
        <CountsBar counts={counts} label={name} />
        <span className={classes.dim}>
          {counts.succeeded.toLocaleString('en')} of {counts.total.toLocaleString('en')} devices
          {counts.failed > 0 && `, ${counts.failed.toLocaleString('en')} failed`}
        </span>
      </div>
      <span className={classes.dim}>
        {group === undefined ? `${groups} groups` : `group ${group} of ${groups}`}
      </span>
      <span className={classes.when}>
        {createdBy}, <Ago atMs={createdAtMs} />
      </span>
    </li>
  );
}

function NoRollout() {
  return (
    <Stack align="center" py={48} gap={4} className={classes.list}>
      <Text>No rollout yet.</Text>
      <Text c="dimmed" size="sm" ta="center">
        A rollout brings a released model to devices, group by group, and turns back when it does not work
        there.
      </Text>
    </Stack>
  );
}
