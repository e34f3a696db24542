import { serverError } from './errors.ts';

/**
 * Whatever the disk throws becomes one coded error.
 * @param doing begins "... failed"
 * @throws AppError STORE_FAILED
 */
export async function onDisk<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw serverError('STORE_FAILED', `${doing} failed`, { cause });
  }
}
