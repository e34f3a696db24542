/** What code may ask of a logger. Messages are constant; facts are fields. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  child(facts: object): Logger;
}

/** Fields that never reach a log, wherever they stand up to two levels down. */
export const SECRET_FIELDS = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'privateKey',
] as const;

const REDACT_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** How both programs log: JSON lines, ISO time, level by name, secrets replaced. Options of pino, as plain data. */
export function createLogOptions(level: string, program: string) {
  return {
    level,
    base: { program },
    redact: { paths: [...REDACT_PATHS], censor: '[Redacted]' },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
}

/** Of pino's standard output. */
export const STDOUT_OPTIONS = { sync: true, maxLength: 1024 * 1024 };

interface LogOutput {
  on(event: 'error' | 'drop', listener: () => void): unknown;
  write(text: string): unknown;
}

/** A full disk costs lines, not the program: they wait until there is room, and what is too much is dropped. */
export function outliveFullDisk<T extends LogOutput>(output: T): T {
  output.on('error', () => undefined);
  // Dropping alone would not try again; flushSync would do nothing else for as long as the disk is full.
  output.on('drop', () => output.write(''));
  return output;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
