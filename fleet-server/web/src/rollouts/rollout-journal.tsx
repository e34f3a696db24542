import { Button, Switch, Table } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useServices } from '../services.ts';
import { formatDateTime, formatMoment } from '../shell/format.ts';
import { Link } from '../shell/link.tsx';
import { devicePath } from '../shell/route.ts';
import classes from './rollout-journal.module.css';
import page from './rollout-page.module.css';
import type { RolloutJournalEntry } from './rollouts-api.ts';

const PAGE_ROWS = 50;

/** Every transition, newest first: who or what did it, and why. */
export function RolloutJournal({ entries }: { readonly entries: readonly RolloutJournalEntry[] }) {
  const [withDevices, setWithDevices] = useState(false);
  const [limit, setLimit] = useState(PAGE_ROWS);
  const shown = useMemo(
    () => entries.filter(({ subject }) => withDevices || subject !== 'device').toReversed(),
    [entries, withDevices],
  );
  return (
    <section className={page.panel} aria-labelledby="journal-title">
      <header className={page.title}>
        <h2 id="journal-title">Journal</h2>
        <Switch
          size="xs"
          ml="auto"
          label="Devices too"
          checked={withDevices}
          onChange={(event) => setWithDevices(event.currentTarget.checked)}
        />
      </header>
      <Table className={classes.table} verticalSpacing={5} horizontalSpacing={14}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Time</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.slice(0, limit).map((entry) => (
            <Row key={entry.seq} entry={entry} />
          ))}
        </Table.Tbody>
      </Table>
      {shown.length > limit && (
        <Button variant="subtle" size="compact-sm" m={8} onClick={() => setLimit(limit + PAGE_ROWS)}>
          Show older
        </Button>
      )}
    </section>
  );
}

function Row({ entry }: { readonly entry: RolloutJournalEntry }) {
  const { ticker } = useServices();
  const { atMs, actor, subject, group, deviceId, to, why } = entry;
  return (
    <Table.Tr>
      <Table.Td className={classes.time}>
        <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
          {formatMoment(atMs, ticker.nowMs())}
        </time>
      </Table.Td>
      <Table.Td>
        {subject === 'device' && deviceId !== undefined ? (
          <Link href={devicePath(deviceId)}>{deviceId}</Link>
        ) : subject === 'group' ? (
          `group ${group}`
        ) : (
          'rollout'
        )}{' '}
        <strong>{to.replaceAll('_', ' ')}</strong>
      </Table.Td>
      <Table.Td>{actor}</Table.Td>
      <Table.Td className={classes.why}>{why}</Table.Td>
    </Table.Tr>
  );
}
