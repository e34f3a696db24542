import type { EventEvidence, EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { useCallback, useEffect, useState } from 'react';
import { ApiError, type StoredEvent } from '../api/client.ts';
import { useFleet, useFleetStore } from '../api/fleet-context.ts';
import { useServices } from '../services.ts';
import { mergeEvents, withEvidence } from './merge-events.ts';

const PAGE_EVENTS = 50;
const LIVE_EVENTS_KEPT = 500;

export interface DeviceEvents {
  /** Newest first; undefined until the first answer. */
  readonly events: readonly StoredEvent[] | undefined;
  readonly error: ApiError | undefined;
  /** Reads the next, older page; absent when there is none. */
  readonly showOlder: (() => void) | undefined;
  /** What was learnt of the pictures of a sighting. */
  readonly noteEvidence: (view: EvidenceView) => void;
}

interface Pages {
  readonly events: readonly StoredEvent[];
  /** Where the next, older page begins. */
  readonly next: number | undefined;
}

/** The events of a device: read page by page, and live. After a cut both begin anew, so that no gap stays between. */
export function useEvents(device: string): DeviceEvents {
  const { api } = useServices();
  const { opened } = useFleet();
  const [pages, setPages] = useState<Pages>();
  const [error, setError] = useState<ApiError>();
  const live = useLiveEvents(device, opened);
  const { news, noteEvidence } = useEvidenceNews(device, opened);

  const read = useCallback(
    async (older: Pages | undefined, signal: AbortSignal): Promise<void> => {
      try {
        const page = await api.events({ device, limit: PAGE_EVENTS, before: older?.next }, signal);
        setPages({ events: mergeEvents(older?.events ?? [], page.events), next: page.next });
        setError(undefined);
      } catch (failure) {
        if (signal.aborted) return;
        if (!(failure instanceof ApiError)) throw failure;
        setError(failure);
      }
    },
    [api, device],
  );

  useEffect(() => {
    if (opened === 0) return;
    const stop = new AbortController();
    void read(undefined, stop.signal);
    return () => stop.abort();
  }, [opened, read]);

  return {
    events: pages && withEvidence(mergeEvents(pages.events, live), news),
    noteEvidence,
    error,
    showOlder: pages?.next === undefined ? undefined : () => void read(pages, new AbortController().signal),
  };
}

/** What came since the stream was opened. */
function useLiveEvents(device: string, opened: number): readonly StoredEvent[] {
  const store = useFleetStore();
  const [live, setLive] = useState<{ readonly opened: number; readonly events: readonly StoredEvent[] }>();

  useEffect(
    () =>
      store.onEvent((event) => {
        if (event.deviceId !== device) return;
        setLive((known) => {
          const events = known?.opened === opened ? known.events : [];
          return { opened, events: mergeEvents(events, [event]).slice(0, LIVE_EVENTS_KEPT) };
        });
      }),
    [store, device, opened],
  );
  return live?.opened === opened ? live.events : NONE;
}

/** What was told of pictures since the stream was opened: the server tells of each change. */
function useEvidenceNews(device: string, opened: number) {
  const store = useFleetStore();
  const [known, setKnown] = useState<{ readonly opened: number; readonly news: EvidenceNews }>();
  const noteEvidence = useCallback(
    ({ deviceId, event, pictures, canAsk }: EvidenceView): void => {
      if (deviceId !== device) return;
      setKnown((before) => {
        const news = before?.opened === opened ? before.news : NO_NEWS;
        return { opened, news: new Map(news).set(event, { pictures, canAsk }) };
      });
    },
    [device, opened],
  );
  useEffect(() => store.onEvidence(noteEvidence), [store, noteEvidence]);
  return { news: known?.opened === opened ? known.news : NO_NEWS, noteEvidence };
}

type EvidenceNews = ReadonlyMap<string, EventEvidence>;
const NO_NEWS: EvidenceNews = new Map();
const NONE: readonly StoredEvent[] = [];
