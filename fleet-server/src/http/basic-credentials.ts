export interface Credentials {
  readonly name: string;
  readonly secret: string;
}

/** Reads `Authorization: Basic …` (RFC 7617). @returns undefined for anything else */
export function parseBasicCredentials(header: string | undefined): Credentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
