import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { serverError } from '../kernel/errors.ts';

const argon2id = promisify<Argon2Parameters, Buffer>((parameters, done) =>
  argon2('argon2id', parameters, done),
);

/** OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 passes, 1 lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** @returns a PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(SALT_BYTES);
  const tag = await argon2id({ message: password, nonce, tagLength: TAG_BYTES, ...COST });
  const cost = `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`;
  return `$argon2id$v=19$${cost}$${unpadded(nonce)}$${unpadded(tag)}`;
}

/** Checks against the cost named in `phc`, so that hashes made at another cost keep working. */
export async function isPassword(password: string, phc: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] = PHC.exec(phc) ?? [];
  if (salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const found = await argon2id({
    message: password,
    nonce: Buffer.from(salt, 'base64'),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(found, expected);
}

/**
 * An unknown user, without a hash, costs the same time as a wrong password, so that the time tells nothing.
 * @throws AppError LOGIN_FAILED
 */
export async function requirePassword(password: string, phc: string | undefined): Promise<void> {
  const isRight =
    phc === undefined ? await hashPassword(password).then(() => false) : await isPassword(password, phc);
  if (!isRight) throw serverError('LOGIN_FAILED', 'user or password is wrong');
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
