import { serverError } from '../kernel/errors.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90s`, `10m`, `2h`, `1h30m`, `14d`. @throws AppError USAGE naming `what` */
export function parseSeconds(text: string, what: string): number {
  const parts = [...text.matchAll(/(\d{1,7})([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw serverError('USAGE', `${what} "${text}" is not a duration such as 90s, 10m, 1h30m or 14d`);
  return parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_SECONDS[unit] ?? 0), 0);
}

/** As `parseSeconds`, in whole minutes. @throws AppError USAGE naming `what` */
export function parseMinutes(text: string, what: string): number {
  const seconds = parseSeconds(text, what);
  if (seconds % 60 !== 0) throw serverError('USAGE', `${what} "${text}" is not whole minutes`);
  return seconds / 60;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
] as const;

/** As the parser takes it, in the largest units: 5400 is 1h30m. */
export function formatSeconds(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const parts = UNITS.map(([size, unit]) => {
    const amount = Math.floor(left / size);
    left -= amount * size;
    return amount === 0 ? '' : `${amount}${unit}`;
  });
  return parts.join('') || '0s';
}
