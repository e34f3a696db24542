import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { agentError } from './errors.ts';

const NO_ROOM = ['ENOSPC', 'EDQUOT'];

/** A failure of the file system in our words; a coded error stays what it is. */
export function storeError(doing: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (NO_ROOM.includes(code)) return agentError('DISK_FULL', `no room on the disk while ${doing}`, { cause });
  return agentError('STORE_FAILED', `failed while ${doing}`, { cause });
}

/** Does `work`, whose failures are the file system's. @throws AppError DISK_FULL | STORE_FAILED */
export async function inStore<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storeError(doing, error);
  }
}
