import type { SessionView } from '@watchpost/shared/api/registry.ts';

export type { SessionView };

/** People who may use the API, and their sessions. */
export interface Accounts {
  /**
   * @returns the session and its token, which is stored as a hash and shown this once
   * @throws AppError LOGIN_FAILED
   */
  login(user: string, password: string): Promise<{ readonly token: string; readonly session: SessionView }>;
  /** @returns undefined for a token that is unknown or out of date */
  findSession(token: string): Promise<SessionView | undefined>;
  logout(token: string): Promise<void>;
}
