import type { Clock } from '../kernel/clock.ts';
import { agentError } from '../kernel/errors.ts';
import type { RunCommand } from './port.ts';

/** @param restart ends the agent in order; undefined where nobody would start it again */
export function createRestartAgent(restart: (() => void) | undefined): RunCommand<'restart-agent'> {
  return async () => {
    if (restart === undefined)
      throw agentError('COMMAND_UNAVAILABLE', 'no service manager would start this agent again');
    return { afterwards: restart };
  };
}

export interface LogLevelDeps {
  readonly use: (level: string) => void;
  /** As the box is set. */
  readonly levelInForce: () => Promise<string>;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Runs once after so long, unless it is cancelled. @returns cancels it */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
}

/** Another level for a while; a later command, a restart or new settings end it earlier. */
export function createLogLevel({ use, levelInForce, clock, schedule }: LogLevelDeps): RunCommand<'loglevel'> {
  let cancel = (): void => undefined;
  return async ({ level, minutes }) => {
    cancel();
    use(level);
    cancel = schedule(minutes * 60_000, () => void levelInForce().then(use));
    return { result: { level, untilMs: clock.wallMs() + minutes * 60_000 } };
  };
}
