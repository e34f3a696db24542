import {
  createLogOptions,
  type Logger,
  outliveFullDisk,
  STDOUT_OPTIONS,
} from '@watchpost/shared/kernel/log.ts';
import { type DestinationStream, pino } from 'pino';

/** JSON lines to standard output, or to `destination`. */
export function createPinoLogger(level: string, destination?: DestinationStream): Logger {
  const stdout = () => outliveFullDisk(pino.destination(STDOUT_OPTIONS));
  return pino(createLogOptions(level, 'watchpost-server'), destination ?? stdout());
}
