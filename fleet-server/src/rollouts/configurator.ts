import { judgeFleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { listProblems } from '@watchpost/shared/kernel/parse.ts';
import type { Broker } from '../broker/port.ts';
import type { FleetProjection, FleetView } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { DeviceConfigRecord, DeviceRecord, Store } from '../store/port.ts';
import type { ConfigSigner, Configurator } from './port.ts';

export interface ConfiguratorDeps {
  readonly sign: ConfigSigner;
  readonly store: Pick<Store, 'devices' | 'deviceConfigs'>;
  readonly broker: Pick<Broker, 'publish'>;
  readonly projection: Pick<FleetProjection, 'setConfig'>;
  readonly view: Pick<FleetView, 'device'>;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Versions shown of one device. */
const MAX_HISTORY = 100;

export function createConfigurator(deps: ConfiguratorDeps): Configurator {
  const { store, projection, log } = deps;
  // One at a time: the document told last is the one with the highest version.
  const inTurn = createTurns();
  return {
    set: (deviceId, settings, actor) => inTurn(() => setConfig(deps, { deviceId, settings, actor })),
    history: async (deviceId) => {
      await requireDevice(deps, deviceId);
      return store.deviceConfigs.list(deviceId, MAX_HISTORY);
    },
    republishAll: async () => {
      const devices = new Map((await store.devices.list()).map((device) => [device.id, device]));
      for (const config of await store.deviceConfigs.latestOfAll()) {
        const device = devices.get(config.deviceId);
        if (device === undefined) continue;
        projection.setConfig(config);
        await tell(deps, device, config).catch((error: unknown) => {
          if (!(error instanceof AppError)) throw error;
          log.warn({ code: error.code, device: device.id, error: describeError(error) }, 'settings not told');
        });
      }
    },
  };
}

/** Stored before it is sent: a crash in between is mended by `republishAll`. */
async function setConfig(
  deps: ConfiguratorDeps,
  wanted: { readonly deviceId: string; readonly settings: unknown; readonly actor: string },
): Promise<DeviceConfigRecord> {
  const { store, projection, view, nowMs } = deps;
  const { deviceId, actor } = wanted;
  const device = await requireDevice(deps, deviceId);
  const verdict = judgeFleetSettings(wanted.settings);
  if (verdict.kind === 'unsound') throw serverError('SETTINGS_INVALID', listProblems(verdict.problems));
  const { settings } = verdict;
  // A store that came back from a backup goes on above what the device has seen since.
  const seen = view.device(deviceId)?.config?.reported?.version ?? 0;
  const config = await store.deviceConfigs.add({ deviceId, settings, actor, atMs: nowMs() }, seen);
  projection.setConfig(config);
  await tell(deps, device, config);
  return config;
}

async function requireDevice({ store }: ConfiguratorDeps, id: string): Promise<DeviceRecord> {
  const device = await store.devices.find(id);
  if (device === undefined) throw serverError('NOT_FOUND', `device ${id} is not enrolled`);
  return device;
}

async function tell(
  { sign, broker }: ConfiguratorDeps,
  { fleet, id }: DeviceRecord,
  { version, settings, atMs }: DeviceConfigRecord,
): Promise<void> {
  const document = await sign({ deviceId: id, version, issuedAtMs: atMs, settings });
  await broker.publish('desiredConfig', { fleet, device: id }, { document });
}
