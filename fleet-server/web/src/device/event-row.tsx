import { Button, Table } from '@mantine/core';
import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { memo, useState } from 'react';
import type { StoredEvent } from '../api/client.ts';
import { useServices } from '../services.ts';
import { formatDateTime, formatMoment, formatPercent } from '../shell/format.ts';
import { StateDot } from '../shell/state-badge.tsx';
import type { Word } from '../shell/state-words.ts';
import { EventFacts } from './event-facts.tsx';
import classes from './events-panel.module.css';
import { EvidenceStrip } from './evidence-strip.tsx';
import { useEvidenceRequest } from './use-evidence-request.ts';

const TYPE_WORDS: Readonly<Record<StoredEvent['type'], Word>> = {
  new: { text: 'new', tone: 'good' },
  update: { text: 'update', tone: 'busy' },
  end: { text: 'end', tone: 'off' },
};

interface EventRowProps {
  readonly event: StoredEvent;
  readonly cameraName: string;
  /** Whether who looks may ask the box for something. */
  readonly mayAsk: boolean;
  readonly onEvidence: (view: EvidenceView) => void;
}

/** One event; below it its pictures, and why it was decided once somebody asks. */
export const EventRow = memo(function EventRow({ event, cameraName, mayAsk, onEvidence }: EventRowProps) {
  const { ticker } = useServices();
  const [isOpen, setOpen] = useState(false);
  const { request, ask } = useEvidenceRequest(event, onEvidence);
  // A sighting has its pictures where it begins.
  const evidence = event.type === 'new' ? event.evidence : undefined;
  const hasPictures = evidence !== undefined && evidence.pictures.length > 0;
  const canAsk = mayAsk && evidence?.canAsk === true && !hasPictures;
  return (
    <>
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
            <EventMarks event={event} />
            <button
              type="button"
              className={classes.why}
              aria-expanded={isOpen}
              aria-label={`Why ${event.label} at ${cameraName}`}
              onClick={() => setOpen(!isOpen)}
            >
              why
            </button>
            {canAsk && (
              <Button
                variant="light"
                size="compact-xs"
                px={4}
                loading={request.kind === 'asking'}
                aria-label={`Ask the box for the pictures of ${event.label} at ${cameraName}`}
                onClick={ask}
              >
                Ask the box
              </Button>
            )}
          </span>
        </Table.Td>
      </Table.Tr>
      {(isOpen || hasPictures || request.kind === 'failed') && (
        <Table.Tr className={classes.more}>
          <Table.Td colSpan={5}>
            {isOpen && <EventFacts event={event} />}
            {hasPictures && <EvidenceStrip event={event} evidence={evidence} cameraName={cameraName} />}
            {request.kind === 'failed' && (
              <p className={classes.failed} role="alert">
                {request.why}
              </p>
            )}
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
});

/** What it is, and what to keep in mind about its time. */
function EventMarks({ event }: { readonly event: StoredEvent }) {
  const word = TYPE_WORDS[event.type];
  const deliveredAt = formatDateTime(event.receivedAtMs);
  return (
    <>
      <StateDot word={word} /> {word.text}
      {event.clockState === 'behind' && (
        <span
          className={classes.historical}
          title={`its clock showed a time that was over; delivered at ${deliveredAt}`}
        >
          clock behind
        </span>
      )}
      {event.historical && (
        <span className={classes.historical} title={`delivered from the backlog at ${deliveredAt}`}>
          historical
        </span>
      )}
    </>
  );
}
