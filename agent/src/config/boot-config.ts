import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { beginTrial, revert } from './config-trial.ts';
import type { ComposeConfig, ConfigMemory, ConfigStore } from './port.ts';
import type { AgentConfig } from './schema.ts';

export interface BootConfigDeps {
  readonly store: ConfigStore;
  readonly compose: ComposeConfig;
  /** `cautious`: settings on trial give way to the last good ones. */
  readonly boot: 'normal' | 'cautious';
  readonly log: Logger;
}

/** How the box is set, and what it remembers of how it came to that. */
export interface BootedConfig {
  readonly config: AgentConfig;
  readonly memory: ConfigMemory;
}

/**
 * The settings of this start, offline too: the document in force, or the last good one, or the box's own alone. A disk
 * that fails keeps nothing from starting.
 */
export async function bootConfig({ store, compose, boot, log }: BootConfigDeps): Promise<BootedConfig> {
  const before = await store.load().catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    log.error({ code: error.code, error: describeError(error) }, 'documents of settings not read');
    return {};
  });
  const booted = settleConfig(beginTrial(before, boot), compose, log);
  if (booted.memory !== before) await saveMemory(store, booted.memory, log);
  return booted;
}

/** Each document that does not go with this box any more gives way to the one before. */
export function settleConfig(memory: ConfigMemory, compose: ComposeConfig, log: Logger): BootedConfig {
  try {
    return { config: compose(memory.current), memory };
  } catch (error) {
    if (!(error instanceof AppError) || memory.current === undefined) throw error;
    const { version } = memory.current;
    log.error({ code: error.code, version, error: error.message }, 'settings of the fleet given up');
    const { lastGood, ...rest } = revert(memory, { reason: error.code, detail: error.message });
    return settleConfig(rest, compose, log);
  }
}

/** What is in memory leads: a full disk may lag behind. */
export async function saveMemory(store: ConfigStore, memory: ConfigMemory, log: Logger): Promise<void> {
  try {
    await store.save(memory);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ code: error.code, error: describeError(error) }, 'settings of the fleet not saved');
  }
}
