import type { Basis, Effect } from './device-effects.ts';

export type Format = (value: number) => string;

const round = (value: number, digits = 1): string => `${Number(value.toFixed(digits))}`;
const signed =
  (format: Format): Format =>
  (value) =>
    `${value < 0 ? '-' : '+'}${format(Math.abs(value))}`;

export const asPercent: Format = (share) => `${round(share * 100)} %`;
export const asPoints: Format = signed((share) => `${round(share * 100, 2)} points`);
export const asDegrees: Format = signed((degrees) => `${round(degrees)} °C`);
export const asMs: Format = (ms) => `${round(ms, ms < 100 ? 1 : 0)} ms`;
export const asTimes: Format = (factor) => `${round(factor, 2)} times`;

const BASES: Readonly<Record<Basis, (effect: Effect) => string>> = {
  before_and_control: ({ control }) => `against before, less what ${control} control devices changed`,
  control: ({ control }) => `against ${control} control devices`,
  before: () => 'against before, with no control devices to compare with',
};

/** `18 devices: +11.6 points (10.1 to 13.2) than before, …; limit +1 points` */
export function describeEffect(
  { effect, low, high }: { readonly effect: Effect; readonly low: number; readonly high: number },
  { format, limit, basis }: { readonly format: Format; readonly limit: number; readonly basis?: Basis },
): string {
  const range = Number.isFinite(low) ? `(${format(low)} to ${format(high)})` : '(too few to say how far off)';
  const than = basis === undefined ? '' : ` ${BASES[basis](effect)}`;
  return `${effect.executed} devices: ${format(effect.estimate)} ${range}${than}; limit ${format(limit)}`;
}
