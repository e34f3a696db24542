import { createPublicKey, type KeyObject } from 'node:crypto';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { ReportedConfig } from '@watchpost/shared/messages/config-document.ts';
import { CONFIG_TOKEN_TYPE, type ConfigOrder } from '@watchpost/shared/trust/config-order.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import { CompactSign } from 'jose';
import { bootConfig } from '../../agent/src/config/boot-config.ts';
import { createComposeConfig } from '../../agent/src/config/compose-config.ts';
import { createFileConfigStore } from '../../agent/src/config/file-config-store.ts';
import { createFleetConfig, type FleetConfig } from '../../agent/src/config/fleet-config.ts';
import type { ConfigStore } from '../../agent/src/config/port.ts';
import type { AgentConfig } from '../../agent/src/config/schema.ts';
import { createJwsConfigReader } from '../../agent/src/trust/jws-order.ts';
import { makeKeyPair } from './test-bundle.ts';
import { until } from './until.ts';

export const CONFIG_DIRECTOR = makeKeyPair();
export const CONFIGURED_DEVICE = 'gate-3';

/** As the director would sign it, or somebody who is not. */
export function signConfig(
  order: object,
  key: KeyObject = CONFIG_DIRECTOR.privateKey,
  typ = CONFIG_TOKEN_TYPE,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: computeKeyId(createPublicKey(key)) })
    .sign(key);
}

export const composeConfigOrder = (
  version: number,
  settings: Record<string, unknown>,
  change: Partial<ConfigOrder> = {},
): ConfigOrder => ({ deviceId: CONFIGURED_DEVICE, version, issuedAtMs: 1, settings, ...change });

/** The settings of a box over real files; its cameras are numbers: how many are online with which settings. */
export interface ConfiguredBox {
  readonly dataDir: string;
  readonly reports: readonly ReportedConfig[];
  /** Every configuration that came into force while the agent ran. */
  readonly applied: readonly AgentConfig[];
  inForce(): AgentConfig;
  tell(token: string): void;
  /** Signs and tells. */
  set(version: number, settings: Record<string, unknown>): Promise<void>;
  reported(state: ReportedConfig['state'], version?: number): Promise<ReportedConfig>;
  /** Waits until everything told so far was judged. */
  settle(): Promise<void>;
  confirmed(version: number): Promise<void>;
  stop(): Promise<void>;
  /** Another start, over the same files. */
  restart(boot?: 'normal' | 'cautious'): Promise<void>;
}

export async function openConfiguredBox(options: {
  readonly dataDir: string;
  readonly own?: Record<string, unknown>;
  /** Cameras that are online with these settings. */
  readonly online?: (config: AgentConfig) => number;
  readonly confirmMs?: number;
  readonly store?: (real: ConfigStore) => ConfigStore;
  /** What the next documents cannot be read for. */
  readonly unreadable?: Error[];
  /** Before one is read again. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}): Promise<ConfiguredBox> {
  const { dataDir, own = {}, online = ({ cameras }) => cameras.length, confirmMs = 60_000 } = options;
  const compose = createComposeConfig({ file: { name: 'agent.yaml', content: { dataDir, ...own } } });
  const files = createFileConfigStore({ dataDir, log: silentLogger });
  const store = options.store?.(files) ?? files;
  const reader = createJwsConfigReader({
    deviceId: CONFIGURED_DEVICE,
    directorKeys: { list: async () => [CONFIG_DIRECTOR.publicKey] },
  });
  const reports: ReportedConfig[] = [];
  const applied: AgentConfig[] = [];
  let inForce = compose();
  let part: FleetConfig | undefined;
  const markers = new Map<string, () => void>();

  const start = async (boot: 'normal' | 'cautious'): Promise<void> => {
    const booted = await bootConfig({ store, compose, boot, log: silentLogger });
    inForce = booted.config;
    part = createFleetConfig({
      ...{ booted, store, compose },
      read: (token) => {
        markers.get(token)?.();
        const failure = options.unreadable?.shift();
        return failure === undefined ? reader.read(token) : Promise.reject(failure);
      },
      apply: async (config) => {
        inForce = config;
        applied.push(config);
      },
      countOnline: () => online(inForce),
      report: (reported) => void reports.push(reported),
      clock: { wallMs: () => 1 },
      wait: options.wait ?? (async () => undefined),
      log: silentLogger,
      limits: { confirmMs, lookMs: Math.min(10, confirmMs) },
    });
    await part.start(new AbortController().signal);
  };
  await start('normal');
  const box: ConfiguredBox = {
    ...{ dataDir, reports, applied },
    inForce: () => inForce,
    tell: (document) => part?.onDesired({ document }),
    set: async (version, settings) => box.tell(await signConfig(composeConfigOrder(version, settings))),
    reported: async (state, version) => {
      const find = () =>
        reports.findLast(
          (report) => report.state === state && (version ?? report.version) === report.version,
        );
      await until(`${state} ${version ?? ''} is reported`, () => find() !== undefined);
      return find() as ReportedConfig;
    },
    settle: async () => {
      // Documents are judged one after the other: when this one is read, those before it are done.
      const marker = `marker-${markers.size}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      markers.set(marker, resolve);
      box.tell(marker);
      await promise;
    },
    confirmed: (version) =>
      until(`version ${version} is confirmed`, async () => {
        const { current } = await files.load();
        return current?.version === version && current.isConfirmed;
      }),
    stop: async () => part?.stop(),
    restart: async (boot = 'normal') => {
      await part?.stop();
      await start(boot);
    },
  };
  return box;
}
