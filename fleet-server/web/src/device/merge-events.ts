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
