import { isId } from '@watchpost/shared/kernel/ids.ts';

/** The host name as a device id: its first part, in lower case, what does not fit replaced by `-`. */
export function deviceIdOf(hostName: string): string {
  const [first = ''] = hostName.toLowerCase().split('.');
  const id = first
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
  return isId(id) ? id : 'box';
}
