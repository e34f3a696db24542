import type { EventEvidence } from '@watchpost/shared/api/evidence.ts';
import type { StoredEvent } from '../api/client.ts';

/** What tells two events apart: a sighting has one id and several events. */
export const eventKey = (event: StoredEvent): string => `${event.id}/${event.type}/${event.tsMs}`;

/** Newest first, each once, whichever way it came. */
export function mergeEvents(
  known: readonly StoredEvent[],
  more: readonly StoredEvent[],
): readonly StoredEvent[] {
  const byKey = new Map([...known, ...more].map((event) => [eventKey(event), event]));
  return [...byKey.values()].sort((a, b) => b.tsMs - a.tsMs);
}

/** With what was told since of the pictures of sightings, by the id of the sighting. */
export function withEvidence(
  events: readonly StoredEvent[],
  news: ReadonlyMap<string, EventEvidence>,
): readonly StoredEvent[] {
  return events.map((event) => {
    const evidence = news.get(event.id);
    return evidence === undefined ? event : { ...event, evidence };
  });
}
