import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { serverError } from '../kernel/errors.ts';
import type { AccountStore } from '../store/port.ts';
import { hashPassword, isPassword } from './argon2-password.ts';

export const ADMIN = 'admin';

export interface FirstAdminDeps {
  readonly store: AccountStore;
  readonly dataDir: string;
  /** Holds the password of `admin`; it wins over the stored one. */
  readonly passwordFile?: string | undefined;
  readonly nowMs: () => number;
}

export type FirstAdmin =
  | { readonly kind: 'kept' }
  /** The password was taken from the file given. */
  | { readonly kind: 'set'; readonly path: string }
  /** A password was made and written to `path`, readable by its owner only. */
  | { readonly kind: 'made'; readonly path: string };

const PASSWORD_BYTES = 15;
const SHORTEST_PASSWORD = 8;

/**
 * Sees to it that `admin` can log in.
 * @throws AppError FILE_UNREADABLE | CONFIG_INVALID | STORE_FAILED
 */
export async function ensureAdmin(deps: FirstAdminDeps): Promise<FirstAdmin> {
  const { store, dataDir, passwordFile } = deps;
  const stored = (await store.findUser(ADMIN))?.passwordHash;
  if (passwordFile !== undefined) {
    const password = await readPassword(passwordFile);
    if (stored !== undefined && (await isPassword(password, stored))) return { kind: 'kept' };
    if (stored === undefined) await addAdmin(deps, password);
    else await store.setPasswordHash(ADMIN, await hashPassword(password));
    return { kind: 'set', path: passwordFile };
  }
  if (stored !== undefined) return { kind: 'kept' };
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const path = join(dataDir, 'admin-password');
  // The file comes first: a power cut in between makes a new password, never one that nobody knows.
  await writeFileAtomic(path, `${password}\n`, 0o600).catch((cause: unknown) => {
    throw serverError('STORE_FAILED', `writing ${path} failed`, { cause });
  });
  await addAdmin(deps, password);
  return { kind: 'made', path };
}

async function addAdmin({ store, nowMs }: FirstAdminDeps, password: string): Promise<void> {
  const passwordHash = await hashPassword(password);
  await store.addUser({
    name: ADMIN,
    passwordHash,
    roles: ['admin'],
    isDisabled: false,
    createdAtMs: nowMs(),
  });
}

async function readPassword(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `password file ${path} cannot be read`, { cause });
  });
  const password = text.replace(/\r?\n$/, '');
  if (password.length < SHORTEST_PASSWORD)
    throw serverError(
      'CONFIG_INVALID',
      `adminPasswordFile ${path}: the password has ${password.length} characters, at least ${SHORTEST_PASSWORD} are needed`,
    );
  return password;
}
