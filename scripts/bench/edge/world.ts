import type { BenchData } from './data.ts';
import type { Figure } from './targets.ts';

/** What every subject is given. */
export interface BenchWorld {
  readonly data: BenchData;
  /** Node and the compiled agent: what comes before `run`. */
  readonly program: readonly string[];
  /** Of the agent, beside PATH: as an installed one is started. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder of its own that is removed at the end. */
  readonly scratch: string;
  /** Short runs, for CI: every path, figures of little worth. */
  readonly isQuick: boolean;
  /** How long memory is watched. */
  readonly minutes: number;
  /** Where CPU profiles of the agent are left; undefined: none are made. */
  readonly profiles: string | undefined;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export type BenchSubject = (world: BenchWorld) => Promise<readonly Figure[]>;
