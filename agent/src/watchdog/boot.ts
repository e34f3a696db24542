import type { BootVerdict } from './port.ts';

/** Starts that have not proved good, the oldest first: the id of the machine's boot each of them happened in. */
export type ShortLives = readonly string[];

export interface BootLimits {
  /** Short lives while the machine ran on: the program itself is what fails. */
  readonly crashes: number;
  /** With those that ended with the machine: a power cut is nobody's fault, a model that takes it down is. */
  readonly inAll: number;
}

export const BOOT_LIMITS: BootLimits = { crashes: 4, inAll: 8 };

/** @param bootId of the machine, now */
export function judgeBoot(lives: ShortLives, bootId: string, limits: BootLimits = BOOT_LIMITS): BootVerdict {
  const crashes = lives.filter((life, index) => life === (lives[index + 1] ?? bootId)).length;
  return crashes >= limits.crashes || lives.length >= limits.inAll ? 'cautious' : 'normal';
}

/** What is written at a start, before anything that could end it. */
export function recordBoot(lives: ShortLives, bootId: string, limits: BootLimits = BOOT_LIMITS): ShortLives {
  return [...lives, bootId].slice(-limits.inAll);
}
