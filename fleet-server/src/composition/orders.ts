import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { nameDirectorKey } from '@watchpost/shared/trust/director-target.ts';
import type { AuditLog } from '../audit/port.ts';
import type { Broker } from '../broker/port.ts';
import { createCommandDesk } from '../commands/command-desk.ts';
import { createDiskCommandFiles } from '../commands/disk-command-files.ts';
import type { CommandDesk } from '../commands/port.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { FleetProjection, FleetView } from '../devices/port.ts';
import { createConfigurator } from '../rollouts/configurator.ts';
import { createDirector } from '../rollouts/director.ts';
import type { DirectorKeyRing } from '../rollouts/file-director-key.ts';
import {
  createListedCommandSigner,
  createListedConfigSigner,
  createListedOrderSigner,
} from '../rollouts/listed-order-signer.ts';
import type { Configurator, Director } from '../rollouts/port.ts';
import type { Store } from '../store/port.ts';
import type { TrustRepository } from '../trust/port.ts';

const MAX_COMMAND_FILES_BYTES = 1024 ** 3;

export interface FleetOrdersDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly view: FleetView & FleetProjection;
  readonly broker: Broker;
  readonly audit: AuditLog;
  readonly tuf: TrustRepository;
  readonly ring: DirectorKeyRing;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
}

/** All that is signed with the keys of the director. */
export interface FleetOrders {
  readonly director: Director;
  readonly configurator: Configurator;
  readonly commands: CommandDesk;
}

export function createFleetOrders(deps: FleetOrdersDeps): FleetOrders {
  const { config, store, view, broker, audit, tuf, ring, log, nowMs, schedule } = deps;
  const signing = {
    privateKeys: ring.privateKeys,
    listKeyIds: async () => (await tuf.directorKeys())?.map(nameDirectorKey),
  };
  return {
    director: createDirector({
      sign: createListedOrderSigner(signing),
      store,
      broker,
      projection: view,
      trust: tuf,
      nowMs,
      newId: randomUUID,
    }),
    configurator: createConfigurator({
      sign: createListedConfigSigner(signing),
      store,
      broker,
      projection: view,
      view,
      nowMs,
      log: log.child({ component: 'configurator' }),
    }),
    commands: createCommandDesk({
      ...{ store, broker, audit, nowMs, schedule, newId: randomUUID },
      sign: createListedCommandSigner(signing),
      files: createDiskCommandFiles({
        folder: join(config.dataDir, 'command-files'),
        maxBytes: MAX_COMMAND_FILES_BYTES,
      }),
      log: log.child({ component: 'commands' }),
    }),
  };
}
