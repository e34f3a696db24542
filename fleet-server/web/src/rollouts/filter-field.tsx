import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { ApiError } from '../api/client.ts';
import { useServices } from '../services.ts';
import { type FilterPreview, previewFilter } from './rollouts-api.ts';

/** Typing goes on meanwhile. */
const PAUSE_MS = 300;
/** Every device has one. */
const EVERYBODY = 'has id';

type Answer =
  | { readonly kind: 'preview'; readonly filter: string; readonly preview: FilterPreview }
  | { readonly kind: 'refused'; readonly filter: string; readonly error: ApiError };

interface FilterFieldProps {
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
}

/** Whom the rollout means, with how many that are, or where the filter is wrong. */
export function FilterField({ filter, onFilter }: FilterFieldProps) {
  const answer = useAnswer(filter.trim());
  return (
    <div>
      <TextInput
        label="Devices"
        description="A filter; empty: every accepted device"
        placeholder='site == "bcn-1" and not tag:lab'
        error={answer?.kind === 'refused' && answer.error.reply.message}
        value={filter}
        onChange={(event) => onFilter(event.currentTarget.value)}
      />
      <span role="status">{answer?.kind === 'preview' && <Meant preview={answer.preview} />}</span>
    </div>
  );
}

function Meant({ preview: { total, devices } }: { readonly preview: FilterPreview }) {
  const first = devices.map(({ id }) => id).join(', ');
  const more = total > devices.length ? ', …' : '';
  return (
    <small>
      {total.toLocaleString('en')} {total === 1 ? 'device' : 'devices'}
      {first && `: ${first}${more}`}
    </small>
  );
}

/** What the server says of the filter, once nobody types any more; undefined meanwhile. */
function useAnswer(filter: string): Answer | undefined {
  const { api } = useServices();
  const [settled] = useDebouncedValue(filter, PAUSE_MS);
  const [answer, setAnswer] = useState<Answer>();
  useEffect(() => {
    const stop = new AbortController();
    previewFilter(api, settled === '' ? EVERYBODY : settled, stop.signal).then(
      (preview) => setAnswer({ kind: 'preview', filter: settled, preview }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setAnswer({ kind: 'refused', filter: settled, error });
      },
    );
    return () => stop.abort();
  }, [api, settled]);
  return answer?.filter === filter ? answer : undefined;
}
