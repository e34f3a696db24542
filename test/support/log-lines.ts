import type { Logger } from '../../shared/src/kernel/log.ts';

/** A logger that adds everything it is told to `lines`, message and facts as JSON. */
export function collectLines(lines: string[]): Logger {
  const log = (facts: object, message: string): void =>
    void lines.push(JSON.stringify({ message, ...facts }));
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return logger;
}
