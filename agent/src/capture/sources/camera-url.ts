export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi;

/** Hides user and password of every address in `text`. */
export function redactUrl(text: string): string {
  return text.replace(USER_INFO, '$1***@');
}

/** True when the address itself carries user or password. */
export const hasCredentials = (url: string): boolean => redactUrl(url) !== url;

/** `url` without user and password. */
export const withoutCredentials = (url: string): string => url.replace(USER_INFO, '$1');

/** `url` with these credentials, percent-encoded, instead of its own. */
export function withCredentials(url: string, { user, password }: Credentials): string {
  const userInfo = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return withoutCredentials(url).replace('://', () => `://${userInfo}`);
}

/** `user:password`, the first line of a credentials file; undefined when it is not that. */
export function parseCredentials(text: string): Credentials | undefined {
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  const colon = line.indexOf(':');
  return colon > 0 ? { user: line.slice(0, colon), password: line.slice(colon + 1) } : undefined;
}

/** Host and port of an address: what one reconnect at a time is counted by. */
export function hostOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^\s/]*@)?([^/?#]*)/i.exec(url)?.[1]?.toLowerCase() ?? url;
}
