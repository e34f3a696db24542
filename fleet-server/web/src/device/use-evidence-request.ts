import { type CommandView, isOpenCommand } from '@watchpost/shared/api/commands.ts';
import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { useEffect, useRef, useState } from 'react';
import { type Api, ApiError, type StoredEvent } from '../api/client.ts';
import { useServices } from '../services.ts';

/** Within what the page waits for a reply. */
const WAIT_SEC = 10;

export type EvidenceRequest =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking' }
  /** In the words of the box, or of the server. */
  | { readonly kind: 'failed'; readonly why: string };

/** Asks a box for the pictures of a sighting, and waits for what comes of it. */
export function useEvidenceRequest(
  { deviceId, id }: Pick<StoredEvent, 'deviceId' | 'id'>,
  onEvidence: (view: EvidenceView) => void,
): { readonly request: EvidenceRequest; readonly ask: () => void } {
  const { api } = useServices();
  const [request, setRequest] = useState<EvidenceRequest>({ kind: 'idle' });
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);

  const run = async (signal: AbortSignal): Promise<void> => {
    setRequest({ kind: 'asking' });
    try {
      const { state, detail = state, code = '' } = await order(api, deviceId, id, signal);
      onEvidence(await api.get<EvidenceView>(`devices/${deviceId}/events/${id}/evidence`, signal));
      setRequest(state === 'done' ? { kind: 'idle' } : { kind: 'failed', why: `${detail} (${code})` });
    } catch (failure) {
      if (signal.aborted) return;
      if (!(failure instanceof ApiError)) throw failure;
      const { message, code } = failure.reply;
      setRequest({ kind: 'failed', why: `${message} (${code})` });
    }
  };
  return {
    request,
    ask: () => {
      stop.current?.abort();
      stop.current = new AbortController();
      void run(stop.current.signal);
    },
  };
}

/** @returns the command as it ended */
async function order(api: Api, device: string, event: string, signal: AbortSignal): Promise<CommandView> {
  const path = `devices/${device}/commands`;
  let command = await api.post<CommandView>(path, { name: 'evidence', args: { event } }, signal);
  while (isOpenCommand(command.state))
    command = await api.get<CommandView>(`${path}/${command.id}?waitSec=${WAIT_SEC}`, signal);
  return command;
}
