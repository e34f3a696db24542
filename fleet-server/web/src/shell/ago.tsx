import { useSyncExternalStore } from 'react';
import { useServices } from '../services.ts';
import { formatAgo, formatDateTime, formatDuration } from './format.ts';

type Form = 'ago' | 'duration';

/** How long ago `atMs` was. It is drawn again only when its text changes, so thousands of them cost little. */
export function Ago({ atMs, form = 'ago' }: { readonly atMs: number; readonly form?: Form }) {
  const { ticker } = useServices();
  const format = form === 'ago' ? formatAgo : formatDuration;
  const text = useSyncExternalStore(ticker.subscribe, () => format(ticker.nowMs() - atMs));
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
      {text}
    </time>
  );
}
