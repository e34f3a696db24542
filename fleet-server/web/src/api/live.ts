import type { LiveMessage } from '@watchpost/shared/api/fleet.ts';

export interface LiveHandlers {
  readonly onMessage: (message: LiveMessage) => void;
  /** The stream is open: at first, and again after each cut. What happened in between was not sent. */
  readonly onOpen: () => void;
  /** The stream is cut; it is opened again without being asked. `refused`: the server answered, and said no. */
  readonly onCut: (refused: boolean) => void;
}

export type OpenLive = (handlers: LiveHandlers, signal: AbortSignal) => void;

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;

/**
 * Follows GET /api/v1/live until aborted. The browser reconnects by itself after a broken connection, but gives
 * up for ever on an HTTP error (a proxy's 502 while the server restarts): then a new stream is opened here.
 */
export const openLive: OpenLive = (handlers, signal) => {
  let retryMs = FIRST_RETRY_MS;

  const open = (): void => {
    if (signal.aborted) return;
    const source = new EventSource('/api/v1/live');
    const stop = new AbortController();
    signal.addEventListener('abort', () => source.close(), { signal: stop.signal });

    source.addEventListener('open', () => {
      retryMs = FIRST_RETRY_MS;
      handlers.onOpen();
    });
    source.addEventListener('error', () => {
      const refused = source.readyState === EventSource.CLOSED;
      handlers.onCut(refused);
      if (!refused) return;
      stop.abort();
      setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    });
    for (const kind of ['device', 'event', 'evidence'] as const) {
      source.addEventListener(kind, ({ data }: MessageEvent<string>) =>
        handlers.onMessage({ kind, data: JSON.parse(data) } as LiveMessage),
      );
    }
  };
  open();
};
