const LONGEST = 80;
const PASSWORD = /((?:password|passwd|pass|pwd|psw)=)[^&_;/?#]+/gi;

/** What a camera says of itself, fit for a terminal and one line: it may come from anybody in the network. */
export function cleanText(text: unknown): string {
  const words = typeof text === 'string' || typeof text === 'number' ? String(text) : '';
  return words
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST);
}

export interface CleanUrl {
  readonly url: string;
  readonly isCensored: boolean;
}

/**
 * The address of a stream without user, password, and what looks like one in its path or query.
 * @param secret which must not be part of it either
 * @returns undefined when it is no address of a stream
 */
export function cleanStreamUrl(text: unknown, secret?: string): CleanUrl | undefined {
  if (typeof text !== 'string' || !/^(rtsps?|https?):\/\/[^\s\p{C}]+$/iu.test(text)) return undefined;
  const open = text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1');
  // A password with a slash in it: where it ends nobody can tell.
  if (open.includes('@') || !URL.canParse(open)) return undefined;
  // The known one first, as a whole: what looks like one may be a part of it.
  const known = secret === undefined || secret === '' ? open : hideSecret(open, secret);
  const url = known.replace(PASSWORD, '$1***');
  return { url, isCensored: url !== open };
}

/** In the path and the query only: a short password may be part of any address. */
function hideSecret(url: string, secret: string): string {
  const [, head = '', rest = ''] = /^([a-z]+:\/\/[^/?#]*)(.*)$/is.exec(url) ?? [];
  const forms = [secret, encodeURIComponent(secret)];
  return head + forms.reduce((text, form) => text.replaceAll(`=${form}`, '=***'), rest);
}
