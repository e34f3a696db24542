import { useCallback, useEffect, useState } from 'react';
import { ApiError, type LoginRequest, type SessionView } from '../api/client.ts';
import { useServices } from '../services.ts';

export type Session =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'out' }
  | { readonly kind: 'in'; readonly user: string; readonly roles: SessionView['roles'] }
  | { readonly kind: 'failed'; readonly error: ApiError };

export interface SessionControl {
  readonly session: Session;
  /** Rejects with `ApiError` when the server refuses. */
  readonly logIn: (request: LoginRequest) => Promise<void>;
  readonly logOut: () => void;
}

/** Who is logged in; the proof is a cookie that this page cannot read. */
export function useSession(): SessionControl {
  const { api } = useServices();
  const [session, setSession] = useState<Session>({ kind: 'unknown' });

  const read = useCallback(async (): Promise<void> => {
    try {
      const { user, roles } = await api.session();
      setSession({ kind: 'in', user, roles });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setSession(error.status === 401 ? { kind: 'out' } : { kind: 'failed', error });
    }
  }, [api]);

  useEffect(() => {
    void read();
    return api.onSessionLost(() => setSession({ kind: 'out' }));
  }, [api, read]);

  const logIn = useCallback(
    async (request: LoginRequest): Promise<void> => {
      await api.logIn(request);
      await read();
    },
    [api, read],
  );

  const logOut = useCallback(() => {
    // Without the server the cookie stays: reading again shows how things stand.
    api
      .logOut()
      .catch(() => undefined)
      .finally(() => void read());
  }, [api, read]);

  return { session, logIn, logOut };
}
