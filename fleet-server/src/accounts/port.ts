import type {
  ApiTokenReply,
  ApiTokenRequest,
  ApiTokenView,
  NewUser,
  UserChange,
  UserView,
} from '@watchpost/shared/api/people.ts';
import type { SessionView } from '@watchpost/shared/api/registry.ts';

export type { SessionView };

/** What a request brings to show who sends it. */
export interface Credential {
  readonly kind: 'session' | 'apiToken';
  readonly token: string;
}

/** Logging in and out, and who somebody is. */
export interface Accounts {
  /**
   * Always a new session; `presented`, the one the request came with, ends: what an attacker may have planted there is
   * worth nothing afterwards.
   * @returns the session and its token, which is stored as a hash and shown this once
   * @throws AppError LOGIN_FAILED
   */
  login(
    user: string,
    password: string,
    presented?: string,
  ): Promise<{ readonly token: string; readonly session: SessionView }>;
  /** @returns undefined for a credential that is unknown or out of date, or whose user is disabled */
  identify(credential: Credential): Promise<SessionView | undefined>;
  logout(token: string): Promise<void>;
}

/** People who may use the API. */
export interface People {
  list(): Promise<readonly UserView[]>;
  find(name: string): Promise<UserView | undefined>;
  /** @throws AppError USER_EXISTS */
  add(user: NewUser): Promise<UserView>;
  /**
   * Disabling a user ends the sessions and API tokens of that user.
   * @throws AppError NOT_FOUND | LAST_ADMIN
   */
  change(name: string, change: UserChange): Promise<UserView>;
  /** Ends the sessions and API tokens of the user. @throws AppError NOT_FOUND */
  setPassword(name: string, password: string): Promise<void>;
  /** @throws AppError LOGIN_FAILED */
  checkPassword(name: string, password: string): Promise<void>;
}

/** Tokens for programs that act for a user, with one role of that user at most. */
export interface ApiTokens {
  /** @throws AppError NOT_FOUND | FORBIDDEN for a role the user does not have */
  create(request: ApiTokenRequest & { readonly user: string }): Promise<ApiTokenReply>;
  list(): Promise<readonly ApiTokenView[]>;
  /** @returns what it was @throws AppError NOT_FOUND */
  revoke(id: string): Promise<ApiTokenView>;
}
