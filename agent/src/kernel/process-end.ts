import type { ProcessLogger } from './pino-logger.ts';

const FAILED = 1;

/**
 * What nobody caught is a bug: it is logged once, and the process ends, to be started again. Child processes end with
 * it.
 */
export function exitOnBug(log: Pick<ProcessLogger, 'fatal'>): void {
  // Rejections that nobody handles come this way too, since Node raises them.
  process.once('uncaughtException', (error) => {
    log.fatal({ stack: error.stack }, 'agent ends: a bug');
    process.exit(FAILED);
  });
}

/** For a stop that was asked for: whoever asked kills this process soon, so it says what went wrong and ends before. */
export function endWithin(limitMs: number, log: Pick<ProcessLogger, 'fatal'>): void {
  setTimeout(() => {
    log.fatal({ limitMs }, 'agent ends: a part does not stop');
    process.exit(FAILED);
  }, limitMs).unref();
}
