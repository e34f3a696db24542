export interface OriginFacts {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  /** Sec-Fetch-Site, which browsers set and pages cannot. */
  readonly fetchSite?: string | undefined;
}

/**
 * Whether a request comes from our own page, or from no page at all: programs send neither header. The second guard,
 * beside SameSite=Strict, against a foreign page that acts in the name of the user.
 */
export function isSameOrigin({ host, origin, fetchSite }: OriginFacts): boolean {
  if (fetchSite !== undefined) return fetchSite === 'same-origin' || fetchSite === 'none';
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
