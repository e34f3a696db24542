import type { KeptPicture } from './port.ts';

type Named = Pick<KeptPicture, 'number' | 'offsetMs' | 'isDue'>;

const NAME = /^(\d{2})_(-?\d{1,7})(\.due)?\.jpg$/;

/** A picture says in its name what the index knows of it, so that the folder is the index. */
export function formatPictureName({ number, offsetMs, isDue }: Named): string {
  return `${String(number).padStart(2, '0')}_${offsetMs}${isDue ? '.due' : ''}.jpg`;
}

/** @returns undefined for what is no picture: a file that was being written when the power went */
export function parsePictureName(name: string): Named | undefined {
  const [, number, offsetMs, due] = NAME.exec(name) ?? [];
  if (number === undefined || Number(number) === 0) return undefined;
  return { number: Number(number), offsetMs: Number(offsetMs), isDue: due !== undefined };
}
