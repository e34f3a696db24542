import { type BootedConfig, bootConfig } from '../config/boot-config.ts';
import { createFileConfigStore } from '../config/file-config-store.ts';
import { type ConfigLimits, createFleetConfig, type FleetConfig } from '../config/fleet-config.ts';
import type { ComposeConfig, ConfigStore } from '../config/port.ts';
import type { AgentConfig } from '../config/schema.ts';
import { loadIdentity } from '../identity/file-identity.ts';
import type { ProcessLogger } from '../kernel/pino-logger.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { createJwsConfigReader } from '../trust/jws-order.ts';
import type { DirectorKeys } from '../trust/port.ts';
import type { UplinkComponent } from '../uplink/port.ts';
import { openBootGuard } from '../watchdog/file-boot-guard.ts';
import type { BootGuard } from '../watchdog/port.ts';
import type { Box } from './box.ts';
import { composeBirth } from './fleet.ts';
import type { LiveParts } from './live-parts.ts';

/** How this start is set: the box's own settings, with what the fleet last set over them. */
export interface OpenedSettings {
  readonly config: AgentConfig;
  readonly booted: BootedConfig;
  readonly compose: ComposeConfig;
  readonly store: ConfigStore;
  readonly guard: BootGuard;
  readonly useLogLevel: (level: string) => void;
  /** Default: those of the room. */
  readonly limits?: ConfigLimits;
}

/** Counts this start, then settles how it is set; no network is asked. @throws AppError NOT_ENROLLED */
export async function openSettings(compose: ComposeConfig, log: ProcessLogger): Promise<OpenedSettings> {
  const { dataDir } = compose();
  // A box that waits for its enrolment is no agent that ends early.
  await loadIdentity(dataDir);
  const guard = await openBootGuard({ dataDir, log });
  const settingsLog = log.child({ component: 'fleet-config' });
  const store = createFileConfigStore({ dataDir, log: settingsLog });
  const booted = await bootConfig({ store, compose, boot: guard.verdict, log: settingsLog });
  const { config } = booted;
  log.useLevel(config.log.level);
  return { config, booted, compose, store, guard, useLogLevel: log.useLevel };
}

export function createBoxConfig(
  { booted, compose, store, useLogLevel, limits }: OpenedSettings,
  box: Box,
  uplink: UplinkComponent,
  live: Pick<LiveParts, 'renew'> & { readonly directorKeys: DirectorKeys },
): FleetConfig {
  const { cameras, identity, log } = box;
  const reader = createJwsConfigReader({ deviceId: identity.deviceId, directorKeys: live.directorKeys });
  const fleetConfig = createFleetConfig({
    ...{ booted, compose, store },
    read: (token) => reader.read(token),
    apply: async (config) => {
      useLogLevel(config.log.level);
      await cameras.apply(config.cameras);
      await live.renew(config);
    },
    countOnline: () => cameras.list().filter((camera) => camera.health().condition === 'online').length,
    report: (reported) => uplink.publish('reportedConfig', reported),
    clock: systemClock,
    log: log.child({ component: 'fleet-config' }),
    ...(limits !== undefined && { limits }),
  });
  cameras.onChange(() => uplink.publish('birth', composeBirth(box)));
  uplink.onDesiredConfig((document) => fleetConfig.onDesired(document));
  return fleetConfig;
}
