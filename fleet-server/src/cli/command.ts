import { serverError } from '../kernel/errors.ts';

/** An option of a command; its name is the key it stands under. */
export interface OptionSpec {
  /** What stands for the value in the help; absent for a switch. */
  readonly value?: string;
  readonly description: string;
  readonly multiple?: boolean;
  /** One letter: -f for --file. */
  readonly short?: string;
}

/** What a command says when it is done: for people and, with --json, for programs. */
export interface CommandResult {
  readonly text: string;
  readonly json: unknown;
  /** What was asked about failed: the exit status is 1. */
  readonly isFailure?: boolean;
}

/**
 * For people who wait: what is `moving` is written over by what comes next, and may have several lines; `logged` is for
 * where nothing can move.
 */
export type Progress = (line: string, state: 'moving' | 'done' | 'logged') => void;

export interface CommandInput {
  readonly values: OptionValues;
  /** One for each name in `positionals`, but for those that were left out or are many. */
  readonly positionals: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: Progress;
  /** Asks a person yes or no; absent where nobody sits. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface Command {
  /** Names for the help; those in brackets may be left out, and the last one may be many: `TAG...`. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly description: string;
  run(input: CommandInput): Promise<CommandResult>;
}

/** A line of the table of commands. */
export interface CommandEntry {
  readonly summary: string;
  /** Loaded when it is run: listing devices needs no inference runtime. */
  readonly load: () => Promise<Command>;
}

type RawValue = string | boolean | readonly (string | boolean)[] | undefined;

/** The options as given. Every complaint is an AppError USAGE that names the option. */
export class OptionValues {
  readonly #raw: Readonly<Record<string, RawValue>>;

  constructor(raw: Readonly<Record<string, RawValue>>) {
    this.#raw = raw;
  }

  text(name: string): string | undefined {
    const value = this.#raw[name];
    return typeof value === 'string' ? value : undefined;
  }

  requireText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw serverError('USAGE', `--${name} is missing`);
    return value;
  }

  texts(name: string): readonly string[] {
    const value = this.#raw[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  isSet(name: string): boolean {
    return this.#raw[name] === true;
  }

  integer(name: string, byDefault: number): number {
    const value = this.text(name);
    if (value === undefined) return byDefault;
    if (!/^\d{1,15}$/.test(value)) throw serverError('USAGE', `--${name} "${value}" is not a whole number`);
    return Number(value);
  }
}
