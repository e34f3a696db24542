import { readFile } from 'node:fs/promises';
import { agentError } from '../../kernel/errors.ts';
import { type Credentials, parseCredentials } from './camera-url.ts';

/** @throws AppError CAMERA_AUTH when the file cannot be read, or does not hold `user:password` */
export async function readCredentials(path: string): Promise<Credentials> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw agentError('CAMERA_AUTH', `credentials file ${path} cannot be read`, { cause });
  });
  const credentials = parseCredentials(text);
  if (credentials === undefined) {
    throw agentError('CAMERA_AUTH', `credentials file ${path} does not hold user:password`);
  }
  return credentials;
}
