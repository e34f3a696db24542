import { type CommandOrder, MAX_COMMAND_LIFE_MS } from '@watchpost/shared/trust/command-order.ts';

export interface ClockFacts {
  readonly wallMs: number;
  /** The system says that the clock is in step. */
  readonly isSynced: boolean;
}

/** Two clocks in step may differ by so much. */
const SLACK_MS = 5_000;

/**
 * How long somebody still waits for a command; 0 or less: nobody does. A clock in step judges. By any other clock
 * nothing is early or late: the command then lives as long from its arrival as the server gave it when it sent it, and
 * what keeps an old one out is its counter alone.
 */
export function computeRemainingMs(
  { issuedAtMs, expiresMs }: Pick<CommandOrder, 'issuedAtMs' | 'expiresMs'>,
  { wallMs, isSynced }: ClockFacts,
): number {
  const lifeMs = Math.min(expiresMs - issuedAtMs, MAX_COMMAND_LIFE_MS);
  return isSynced ? Math.min(lifeMs, expiresMs + SLACK_MS - wallMs) : lifeMs;
}
