import { Button, Skeleton, Table } from '@mantine/core';
import type { DeviceView } from '../api/client.ts';
import { ErrorNotice } from '../shell/error-notice.tsx';
import { EventRow } from './event-row.tsx';
import classes from './events-panel.module.css';
import { eventKey } from './merge-events.ts';
import { useEvents } from './use-events.ts';

interface EventsPanelProps {
  readonly device: DeviceView;
  /** Whether who looks may ask the box for something. */
  readonly mayAsk: boolean;
}

export function EventsPanel({ device, mayAsk }: EventsPanelProps) {
  const { events, error, showOlder, noteEvidence } = useEvents(device.id);
  const names = new Map(device.cameras.map((camera) => [camera.id, camera.name]));
  return (
    <section className={classes.panel} aria-labelledby="events-title">
      <header className={classes.title}>
        <h2 id="events-title">Recent events</h2>
      </header>
      {error && <ErrorNotice error={error} />}
      {!events && !error && <Skeleton height={120} aria-label="Reading the events" />}
      {events?.length === 0 && <p className={classes.none}>Nothing decided yet.</p>}
      {events && events.length > 0 && (
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
                mayAsk={mayAsk}
                onEvidence={noteEvidence}
              />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {showOlder && (
        <Button variant="subtle" size="compact-sm" m={8} onClick={showOlder}>
          Show older
        </Button>
      )}
    </section>
  );
}
