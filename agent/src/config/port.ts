import type { ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import type { AgentConfig } from './schema.ts';

/** Settings the fleet signed for this box. */
export type FleetDocument = Pick<ConfigOrder, 'version' | 'settings'>;

/** A document in force, and how far it proved good. */
export interface TriedDocument extends FleetDocument {
  /** It kept the cameras for long enough, after a start where it needed one. */
  readonly isConfirmed: boolean;
  /** Starts of the agent since it came, while it was not confirmed. */
  readonly starts: number;
  /** Cameras that were online before it came. */
  readonly onlineBefore: number;
}

/** What became of the newest document. */
export interface ConfigVerdict {
  readonly version: number;
  readonly state: 'applied' | 'rejected' | 'reverted';
  readonly reason?: string;
  readonly detail?: string;
}

/** What the box remembers of its documents. Without any, its own settings alone are in force. */
export interface ConfigMemory {
  /** In force. */
  readonly current?: TriedDocument;
  /** In force before, and good: what counts again when `current` does not prove good. */
  readonly lastGood?: FleetDocument;
  readonly verdict?: ConfigVerdict;
}

/** The newest document this box has seen, across restarts. */
export interface ConfigMark {
  readonly version: number;
  /** SHA-256 of its canonical settings. */
  readonly digest: string;
}

/** Survives power cuts. What is damaged is set aside and counts as nothing remembered. */
export interface ConfigStore {
  /** @throws AppError STORE_FAILED */
  load(): Promise<ConfigMemory>;
  /** @throws AppError STORE_FAILED | DISK_FULL */
  save(memory: ConfigMemory): Promise<void>;
  /** Kept apart, so that what damages the one leaves the other. @throws AppError STORE_FAILED */
  loadMark(): Promise<ConfigMark | undefined>;
  /** @throws AppError STORE_FAILED | DISK_FULL */
  saveMark(mark: ConfigMark): Promise<void>;
}

/**
 * The box's own settings with a document of the fleet over them, or alone.
 * @throws AppError CONFIG_INVALID naming every problem
 */
export type ComposeConfig = (document?: FleetDocument) => AgentConfig;

/**
 * Reads what the director signed.
 * @returns the document, which is genuine and for this box
 * @throws AppError ORDER_INVALID; STORE_FAILED | DISK_FULL: cannot tell now
 */
export type ReadConfigOrder = (token: string) => Promise<ConfigOrder>;
