import type { UserView } from '@watchpost/shared/api/people.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore, UserRecord } from '../store/port.ts';
import { hashPassword, requirePassword } from './argon2-password.ts';
import type { People } from './port.ts';

export interface PeopleDeps {
  readonly store: AccountStore;
  readonly nowMs: () => number;
}

export function createPeople({ store, nowMs }: PeopleDeps): People {
  return {
    list: async () => (await store.listUsers()).map(viewUser),
    find: async (name) => {
      const user = await store.findUser(name);
      return user && viewUser(user);
    },
    add: async ({ name, password, roles }) => {
      const passwordHash = await hashPassword(password);
      const user = { name, passwordHash, roles, isDisabled: false, createdAtMs: nowMs() };
      await store.addUser(user);
      return viewUser(user);
    },
    change: async (name, { roles, disabled }) => {
      const user = await store.changeUser(name, {
        ...(roles !== undefined && { roles }),
        ...(disabled !== undefined && { isDisabled: disabled }),
      });
      if (user === undefined) throw noUser(name);
      return viewUser(user);
    },
    setPassword: async (name, password) => {
      if ((await store.findUser(name)) === undefined) throw noUser(name);
      await store.setPasswordHash(name, await hashPassword(password));
    },
    checkPassword: async (name, password) =>
      requirePassword(password, (await store.findUser(name))?.passwordHash),
  };
}

const noUser = (name: string) => serverError('NOT_FOUND', `there is no user "${name}"`);

const viewUser = ({ name, roles, isDisabled, createdAtMs }: UserRecord): UserView => ({
  name,
  roles: [...roles],
  disabled: isDisabled,
  createdAtMs,
});
