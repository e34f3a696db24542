import { createLogOptions, type Logger } from '@watchpost/shared/kernel/log.ts';
import { type DestinationStream, pino } from 'pino';

/** The logger of a process, which also has the last word of it. */
export interface ProcessLogger extends Logger {
  fatal(facts: object, message: string): void;
}

/** JSON lines to standard output, or to `destination`. */
export function createPinoLogger(level: string, destination?: DestinationStream): ProcessLogger {
  return pino(createLogOptions(level, 'watchpost-agent'), destination ?? pino.destination({ sync: true }));
}
