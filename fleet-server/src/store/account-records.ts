import type { Role } from '@watchpost/shared/api/people.ts';

export interface SessionRecord {
  readonly tokenSha256: string;
  readonly user: string;
  readonly expiresAtMs: number;
}

export interface UserRecord {
  readonly name: string;
  /** PHC string. */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly isDisabled: boolean;
  readonly createdAtMs: number;
}

export interface AccountStore {
  /** @throws AppError USER_EXISTS */
  addUser(user: UserRecord): Promise<void>;
  findUser(name: string): Promise<UserRecord | undefined>;
  /** By name. */
  listUsers(): Promise<readonly UserRecord[]>;
  /**
   * Disabling ends the sessions and API tokens of the user, in the same transaction.
   * @returns the user as changed; undefined when there is none
   * @throws AppError LAST_ADMIN when no admin could log in afterwards
   */
  changeUser(
    name: string,
    change: Partial<Pick<UserRecord, 'roles' | 'isDisabled'>>,
  ): Promise<UserRecord | undefined>;
  /** Ends the sessions and API tokens of the user, in the same transaction. */
  setPasswordHash(name: string, hash: string): Promise<void>;
  addSession(session: SessionRecord): Promise<void>;
  /** The session of a user who is not disabled, with the roles of that user. */
  findSession(
    tokenSha256: string,
  ): Promise<(SessionRecord & { readonly roles: readonly Role[] }) | undefined>;
  deleteSession(tokenSha256: string): Promise<void>;
  /** Deletes those that are over at `nowMs`. */
  deleteSessionsUntil(nowMs: number): Promise<void>;
}

export interface ApiTokenRecord {
  readonly id: string;
  readonly tokenSha256: string;
  readonly user: string;
  readonly role: Role;
  readonly description: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs?: number;
}

export interface ApiTokenStore {
  add(token: ApiTokenRecord): Promise<void>;
  /** The token of a user who is not disabled, with the roles of that user. */
  find(tokenSha256: string): Promise<(ApiTokenRecord & { readonly userRoles: readonly Role[] }) | undefined>;
  /** Oldest first. */
  list(): Promise<readonly ApiTokenRecord[]>;
  /** @returns what it was; undefined when there is none */
  delete(id: string): Promise<ApiTokenRecord | undefined>;
  markUsed(id: string, atMs: number): Promise<void>;
}
