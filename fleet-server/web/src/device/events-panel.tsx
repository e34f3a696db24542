import { Button, Skeleton, Table } from '@mantine/core';
import { memo } from 'react';
import type { DeviceView, StoredEvent } from '../api/client.ts';
import { useServices } from '../services.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { formatDateTime, formatMoment, formatPercent } from '../shell/format.ts';
import { StateDot } from '../shell/state-badge.tsx';
import type { Word } from '../shell/state-words.ts';
import classes from './events-panel.module.css';
import { eventKey } from './merge-events.ts';
import { useEvents } from './use-events.ts';

const TYPE_WORDS: Readonly<Record<StoredEvent['type'], Word>> = {
  new: { text: 'new', tone: 'good' },
  update: { text: 'update', tone: 'busy' },
  end: { text: 'end', tone: 'off' },
};

export function EventsPanel({ device }: { readonly device: DeviceView }) {
  const { events, error, showOlder } = useEvents(device.id);
  const names = new Map(device.cameras.map((camera) => [camera.id, camera.name]));
  return (
    <section className={classes.panel} aria-labelledby="events-title">
      <header className={classes.title}>
        <h2 id="events-title">Recent events</h2>
      </header>
      {error && <ErrorNotice error={error} />}
      {!events && !error && <Skeleton height={120} aria-label="Reading the events" />}
      {events?.length === 0 && <p className={classes.none}>Nothing decided yet.</p>}
      {events && events.length > 0 && <EventTable events={events} names={names} />}
      {showOlder && (
        <Button variant="subtle" size="compact-sm" m={8} onClick={showOlder}>
          Show older
        </Button>
      )}
    </section>
  );
}

interface EventTableProps {
  readonly events: readonly StoredEvent[];
  readonly names: ReadonlyMap<string, string>;
}

function EventTable({ events, names }: EventTableProps) {
  return (
    <Table className={classes.table} verticalSpacing={5} horizontalSpacing={14}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Time</Table.Th>
          <Table.Th>Camera</Table.Th>
          <Table.Th>Label</Table.Th>
          <Table.Th className={classes.number}>Score</Table.Th>
          <Table.Th>Event</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {events.map((event) => (
          <EventRow
            key={eventKey(event)}
            event={event}
            cameraName={names.get(event.camera) ?? event.camera}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface EventRowProps {
  readonly event: StoredEvent;
  readonly cameraName: string;
}

const EventRow = memo(function EventRow({ event, cameraName }: EventRowProps) {
  const { ticker } = useServices();
  const word = TYPE_WORDS[event.type];
  return (
    <Table.Tr>
      <Table.Td className={classes.time}>
        <time dateTime={new Date(event.tsMs).toISOString()} title={formatDateTime(event.tsMs)}>
          {formatMoment(event.tsMs, ticker.nowMs())}
        </time>
      </Table.Td>
      <Table.Td className={classes.camera}>{cameraName}</Table.Td>
      <Table.Td className={classes.label}>{event.label}</Table.Td>
      <Table.Td className={classes.number}>{formatPercent(event.score)}</Table.Td>
      <Table.Td>
        <span className={classes.type}>
          <StateDot word={word} /> {word.text}
          {event.clockState === 'behind' && (
            <span
              className={classes.historical}
              title={`its clock showed a time that was over; delivered at ${formatDateTime(event.receivedAtMs)}`}
            >
              clock behind
            </span>
          )}
          {event.historical && (
            <span
              className={classes.historical}
              title={`delivered from the backlog at ${formatDateTime(event.receivedAtMs)}`}
            >
              historical
            </span>
          )}
        </span>
      </Table.Td>
    </Table.Tr>
  );
});
