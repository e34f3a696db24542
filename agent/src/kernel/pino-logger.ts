import { createLogOptions, type Logger } from '@watchpost/shared/kernel/log.ts';
import { type DestinationStream, pino } from 'pino';

/** JSON lines to standard output, or to `destination`. */
export function createPinoLogger(level: string, destination?: DestinationStream): Logger {
  return pino(createLogOptions(level, 'watchpost-agent'), destination ?? pino.destination({ sync: true }));
}
