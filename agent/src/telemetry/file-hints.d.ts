import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { Hint } from '@watchpost/shared/messages/telemetry.ts';
/** What the running agent tells now, for `doctor`, which has no history of its own. Written when it changes: seldom. */
export interface FileHints extends Component {
  save(hints: readonly Hint[]): void;
}
export declare function createFileHints({
  dataDir,
  log,
}: {
  readonly dataDir: string;
  readonly log: Logger;
}): FileHints;
/** @returns undefined where no agent has run, and when the file cannot be read */
export declare function loadHints(dataDir: string): Promise<readonly Hint[] | undefined>;
