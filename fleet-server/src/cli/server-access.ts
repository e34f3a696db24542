import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { serverError } from '../kernel/errors.ts';
import { type ApiClient, logIn, withToken } from './api-client.ts';
import type { CommandInput, OptionSpec } from './command.ts';

/** Options of every command that speaks with a server. */
export const SERVER_OPTIONS = {
  server: {
    value: 'URL',
    description: 'address of the fleet server (WATCHPOST_SERVER); default https://127.0.0.1:8443',
  },
  'ca-file': {
    value: 'FILE',
    description: 'authority of the fleet server, its ca.crt (WATCHPOST_CA_FILE)',
  },
  'token-file': {
    value: 'FILE',
    description: 'file with an API token (WATCHPOST_TOKEN_FILE), instead of a password',
  },
  user: { value: 'NAME', description: 'who logs in (WATCHPOST_USER); default admin' },
  'password-file': {
    value: 'FILE',
    description: 'file with the password of that user (WATCHPOST_PASSWORD_FILE)',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

const DEFAULT_SERVER = 'https://127.0.0.1:8443';
const DEFAULT_USER = 'admin';

/** Logs in, does the work, logs out. */
export async function withServer<T>(
  { values, env }: CommandInput,
  work: (api: ApiClient) => Promise<T>,
): Promise<T> {
  const server = values.text('server') ?? env.WATCHPOST_SERVER ?? DEFAULT_SERVER;
  const user = values.text('user') ?? env.WATCHPOST_USER ?? DEFAULT_USER;
  const caFile = values.text('ca-file') ?? env.WATCHPOST_CA_FILE;
  if (caFile !== undefined) await trustAuthority(caFile);
  const found = findSecret({ values, env });
  const secret = await readSecretFile(found.path, found.kind);
  const api =
    found.kind === 'token'
      ? withToken({ server, token: secret })
      : await logIn({ server, user, password: secret });
  try {
    return await work(api);
  } finally {
    // The session ends by itself anyway; the outcome of the work is what counts.
    await api.logout().catch(() => undefined);
  }
}

/** Of this process: fleetctl speaks with one server and ends. @throws AppError FILE_UNREADABLE */
async function trustAuthority(path: string): Promise<void> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `the authority ${path} cannot be read`, { cause });
  });
  try {
    setDefaultCACertificates([...getCACertificates('default'), pem]);
  } catch (cause) {
    throw serverError('FILE_UNREADABLE', `the authority ${path} is no certificate in PEM`, { cause });
  }
}

interface SecretFile {
  readonly kind: 'token' | 'password';
  readonly path: string;
}

/** What was typed counts before what the shell holds. @throws AppError USAGE */
function findSecret({ values, env }: Pick<CommandInput, 'values' | 'env'>): SecretFile {
  const typed = {
    token: values.text('token-file'),
    password: values.text('password-file') ?? (values.text('user') && env.WATCHPOST_PASSWORD_FILE),
  };
  if (typed.token !== undefined && values.text('password-file') !== undefined)
    throw serverError('USAGE', '--token-file and --password-file are two ways to log in: give one');
  const token = typed.token ?? (typed.password === undefined ? env.WATCHPOST_TOKEN_FILE : undefined);
  if (token !== undefined) return { kind: 'token', path: token };
  const password = typed.password ?? env.WATCHPOST_PASSWORD_FILE;
  if (password !== undefined) return { kind: 'password', path: password };
  throw serverError(
    'USAGE',
    '--token-file or --password-file is missing, and neither WATCHPOST_TOKEN_FILE nor WATCHPOST_PASSWORD_FILE is set',
  );
}

/** A secret on one line. @throws AppError FILE_UNREADABLE */
export async function readSecretFile(path: string, what: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw serverError('FILE_UNREADABLE', `${what} file ${path} cannot be read`, { cause });
  });
  return text.replace(/\r?\n$/, '');
}
