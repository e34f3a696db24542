import { AppError } from '@watchpost/shared/kernel/errors.ts';
import { serverError } from '../kernel/errors.ts';

/**
 * Runs one operation on the database; whatever the driver throws becomes one coded error.
 * @param doing completes "the database failed to ..."
 */
export async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw serverError('STORE_FAILED', `the database failed to ${doing}`, { cause });
  }
}
