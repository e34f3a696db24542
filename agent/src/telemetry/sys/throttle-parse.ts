/** What a box is held back by, in words that travel: a reader may know fewer of them. */
export interface ThrottleReasons {
  /** At the moment, or since the reading before. */
  readonly now: readonly string[];
  /** At any time since the machine was started. */
  readonly sinceBoot: readonly string[];
}

/** Bits 0 to 3 of a Raspberry Pi's `get_throttled`, all of now; the same from bit 16: since boot. */
const PI_BITS = ['under_voltage', 'frequency_capped', 'throttled', 'soft_temperature_limit'] as const;
const SINCE_BOOT_BIT = 16;

/**
 * What a Raspberry Pi holds back, from `vcgencmd get_throttled` (`throttled=0x50005`) or its file in /sys (`50005`).
 * @returns undefined for any other text
 */
export function parsePiThrottled(text: string): ThrottleReasons | undefined {
  const hex = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text)?.[1];
  if (hex === undefined) return undefined;
  const bits = Number.parseInt(hex, 16);
  const from = (shift: number) => PI_BITS.filter((_, bit) => ((bits >>> (bit + shift)) & 1) === 1);
  return { now: from(0), sinceBoot: from(SINCE_BOOT_BIT) };
}

/**
 * Counters that grow each time a machine slows itself down, by the reason they stand for.
 * @param before undefined at the first reading: nothing is known of now, only of the time since boot
 */
export function judgeThrottleCounts(
  before: ReadonlyMap<string, number> | undefined,
  after: ReadonlyMap<string, number>,
): ThrottleReasons {
  const reasons = [...after].filter(([, count]) => count > 0);
  return {
    now:
      before === undefined ? [] : namesOf(reasons.filter(([name, count]) => count > (before.get(name) ?? 0))),
    sinceBoot: namesOf(reasons),
  };
}

const namesOf = (reasons: readonly (readonly [string, number])[]): readonly string[] =>
  reasons.map(([name]) => name);

/**
 * Cooling devices that work by slowing down: the clocks of processors and buses, the throttling of ACPI, and the
 * alerts of a Jetson. Fans cool as well, and cost nothing.
 */
const SLOWING = /^(thermal-)?(cpufreq|devfreq)|^Processor$|-alert$/;

export const isSlowingDevice = (type: string): boolean => SLOWING.test(type);

/** Each word once, in the order they came. */
export function mergeReasons(all: readonly ThrottleReasons[]): ThrottleReasons {
  const now = [...new Set(all.flatMap((reasons) => reasons.now))];
  return { now, sinceBoot: [...new Set([...all.flatMap((reasons) => reasons.sinceBoot), ...now])] };
}
