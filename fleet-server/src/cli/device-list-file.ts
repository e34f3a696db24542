import { isId } from '@watchpost/shared/kernel/ids.ts';
import { serverError } from '../kernel/errors.ts';

/** One line of the list. */
export interface ListedDevice {
  readonly id: string;
  readonly fingerprint: string;
}

/**
 * Lines `id,fingerprint`; empty lines and a heading are passed over.
 * @throws AppError USAGE naming the first line that is wrong
 */
export function parseDeviceList(text: string, path: string): readonly ListedDevice[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const devices = lines
    .filter(({ line }) => line !== '' && line.toLowerCase() !== 'id,fingerprint')
    .map(({ line, number }) => {
      const [id = '', fingerprint = '', ...more] = line.split(',').map((part) => part.trim());
      const key = fingerprint.toLowerCase();
      if (isId(id) && /^[0-9a-f]{64}$/.test(key) && more.length === 0) return { id, fingerprint: key };
      throw serverError('USAGE', `${path}, line ${number}: "${line}" is not id,fingerprint`);
    });
  if (devices.length === 0) throw serverError('USAGE', `${path} lists no box`);
  return devices;
}
