import { createThrottle, type Throttle } from './throttle.ts';

/** Who tries to log in as whom. */
export interface LoginAttempt {
  readonly address: string;
  readonly user: string;
}

/** What stands between a guesser and passwords, tokens and keys. Every `wait` is in ms; 0 = go on. */
export interface AttemptLimits {
  /** Counts the attempt when it may be made: many at once are no way around. */
  beginLogin(attempt: LoginAttempt): number;
  loginSucceeded(attempt: LoginAttempt): void;
  /**
   * Counts a wrong token, unless its address is to wait. A good one is looked up first and never waits: nobody guesses
   * 192 bits by luck, and many share an address. A flood costs a hash and a row each, as wrong sessions do.
   */
  tokenFailed(address: string): number;
}

/** One person at one place. */
const PAIR = { freeAttempts: 5, longestMs: 300_000 };
/** One place that tries many users; people of one office share it. */
const ADDRESS = { freeAttempts: 20, longestMs: 300_000 };
/** One user tried from many places. The pause is short: it also keeps out the user, who is at a new place. */
const USER = { freeAttempts: 20, longestMs: 60_000 };
const TOKEN = { freeAttempts: 20, longestMs: 60_000 };
/** A user who came from a place before is not slowed down by others; so many such places are remembered. */
const MAX_KNOWN_PLACES = 1_000;

export function createAttemptLimits(nowMs: () => number): AttemptLimits {
  const [pairs, addresses, users, tokens] = [PAIR, ADDRESS, USER, TOKEN].map(createThrottle) as [
    Throttle,
    Throttle,
    Throttle,
    Throttle,
  ];
  const knownPlaces = new Set<string>();
  const keysOf = ({ address, user }: LoginAttempt): readonly (readonly [Throttle, string])[] => {
    const place = placeOf(address);
    const pair = `${place} ${user}`;
    const own = [pairs, pair] as const;
    return knownPlaces.has(pair) ? [own] : [own, [addresses, place], [users, user]];
  };
  return {
    beginLogin: (attempt) => {
      const keys = keysOf(attempt);
      const wait = Math.max(...keys.map(([throttle, key]) => throttle.waitMs(key, nowMs())));
      if (wait === 0) for (const [throttle, key] of keys) throttle.count(key, nowMs());
      return wait;
    },
    loginSucceeded: (attempt) => {
      // An account of one's own must not wash off the guesses at others from the same place.
      for (const [throttle, key] of keysOf(attempt))
        throttle === pairs ? throttle.forget(key) : throttle.takeBack(key);
      remember(knownPlaces, `${placeOf(attempt.address)} ${attempt.user}`);
    },
    tokenFailed: (address) => {
      const wait = tokens.waitMs(placeOf(address), nowMs());
      if (wait === 0) tokens.count(placeOf(address), nowMs());
      return wait;
    },
  };
}

function remember(places: Set<string>, place: string): void {
  places.delete(place);
  places.add(place);
  const [oldest] = places;
  if (places.size > MAX_KNOWN_PLACES && oldest !== undefined) places.delete(oldest);
}

/** The first 64 bits of an IPv6 address: whoever has one of them has all the others (RFC 6177). */
function placeOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const whole = address.includes('::') ? [...groups, ...Array<string>(missing).fill('0'), tail] : groups;
  return whole.slice(0, 4).join(':');
}
