import {
  createLogOptions,
  type Logger,
  outliveFullDisk,
  STDOUT_OPTIONS,
} from '@watchpost/shared/kernel/log.ts';
import { type DestinationStream, type LogFn, type LoggerOptions, pino } from 'pino';

/** The logger of a process, which also has the last word of it. */
export interface ProcessLogger extends Logger {
  fatal(facts: object, message: string): void;
  /** The least level that is logged from now on, by its children too. */
  useLevel(level: string): void;
}

/** JSON lines to standard output, or to `destination`. */
export function createPinoLogger(level: string, destination?: DestinationStream): ProcessLogger {
  let least = numberOf(level);
  // A child of pino's keeps the level it was made with, so nothing is held back but here.
  const options: LoggerOptions = {
    ...createLogOptions('debug', 'watchpost-agent'),
    hooks: {
      logMethod(args: Parameters<LogFn>, method: LogFn, number: number) {
        if (number >= least) method.apply(this, args);
      },
    },
  };
  const log = pino(options, destination ?? openStdout());
  return Object.assign(log, {
    useLevel: (wanted: string) => {
      least = numberOf(wanted);
    },
  });
}

/** Standard output, and whoever else takes the lines. */
export function createStdoutWith(copy: DestinationStream): DestinationStream {
  const stdout = openStdout();
  return {
    write: (line) => {
      stdout.write(line);
      copy.write(line);
    },
  };
}

const openStdout = () => outliveFullDisk(pino.destination(STDOUT_OPTIONS));

function numberOf(level: string): number {
  const number = pino.levels.values[level];
  if (number === undefined) throw new TypeError(`"${level}" is not a level`);
  return number;
}
