import { readFile } from 'node:fs/promises';
import { serverError } from '../kernel/errors.ts';
import { type ApiClient, logIn } from './api-client.ts';
import type { CommandInput, OptionSpec } from './command.ts';

/** Options of every command that speaks with a server. */
export const SERVER_OPTIONS = {
  server: {
    value: 'URL',
    description: 'address of the fleet server (WATCHPOST_SERVER); default http://127.0.0.1:8080',
  },
  'password-file': {
    value: 'FILE',
    description: 'file with the password of user admin (WATCHPOST_PASSWORD_FILE)',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

const DEFAULT_SERVER = 'http://127.0.0.1:8080';

/** Logs in, does the work, logs out. */
export async function withServer<T>(
  { values, env }: CommandInput,
  work: (api: ApiClient) => Promise<T>,
): Promise<T> {
  const server = values.text('server') ?? env.WATCHPOST_SERVER ?? DEFAULT_SERVER;
  const passwordFile = values.text('password-file') ?? env.WATCHPOST_PASSWORD_FILE;
  if (passwordFile === undefined)
    throw serverError('USAGE', '--password-file is missing, and WATCHPOST_PASSWORD_FILE is not set');
  const password = await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `password file ${passwordFile} cannot be read`, { cause });
  });
  const api = await logIn({ server, user: 'admin', password: password.replace(/\r?\n$/, '') });
  try {
    return await work(api);
  } finally {
    // The session ends by itself anyway; the outcome of the work is what counts.
    await api.logout().catch(() => undefined);
  }
}
