import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { type BootedConfig, settleConfig } from '../config/boot-config.ts';
import { createComposeConfig } from '../config/compose-config.ts';
import { peekConfigMemory } from '../config/file-config-store.ts';
import type { ConfigMemory } from '../config/port.ts';
import type { AgentConfig } from '../config/schema.ts';
import { type ConfigSources, readConfigInput } from '../config/yaml-config.ts';
import { diagnoseClock } from '../doctor/diagnose-clock.ts';
import { diagnoseConnection } from '../doctor/diagnose-connection.ts';
import type { IdentityFacts } from '../doctor/diagnose-identity.ts';
import type { FileFacts, SettingsFacts } from '../doctor/diagnose-settings.ts';
import type { Check } from '../doctor/port.ts';
import { probeConnection } from '../doctor/socket-probe.ts';
import { openFileCredentials } from '../identity/file-credentials.ts';
import { loadIdentity } from '../identity/file-identity.ts';
import type { TlsCredentials } from '../identity/port.ts';
import { createTlsFetch } from '../identity/tls-fetch.ts';
import { loadLastSeenMs } from '../kernel/file-clock-trust.ts';
import { isClockSynced } from '../kernel/sync-marks.ts';
import { AGENT_RELEASED_MS } from '../kernel/version.ts';
import { loadBootstrapRoot } from '../trust/tuf-trust.ts';

/**
 * The settings in force: the box's own, with what the fleet last set over them.
 * @throws AppError CONFIG_INVALID | CONFIG_UNREADABLE
 */
export async function readSettings(sources: ConfigSources): Promise<BootedConfig> {
  const compose = createComposeConfig(await readConfigInput(sources));
  return settleConfig(await peekConfigMemory(compose().dataDir), compose, silentLogger);
}

export async function inspectSettings(
  { config, memory }: BootedConfig,
  file: string | undefined,
): Promise<SettingsFacts> {
  return {
    kind: 'sound',
    file,
    cameras: config.cameras.length,
    fleetVersion: memory.current?.version,
    refused: describeRefusal(memory),
    trustRoot: await inspectFile(config.trust.rootFile, loadBootstrapRoot),
    authority: await inspectFile(
      config.server.caFile,
      async (path) => new X509Certificate(await readFile(path)),
    ),
  };
}

function describeRefusal({ verdict }: ConfigMemory): string | undefined {
  if (verdict === undefined || verdict.state === 'applied') return undefined;
  const { version, state, detail = verdict.reason ?? 'no reason is known' } = verdict;
  return `the fleet's settings ${version} were ${state}: ${detail}`;
}

async function inspectFile(
  path: string | undefined,
  load: (path: string) => Promise<unknown>,
): Promise<FileFacts> {
  if (path === undefined) return { kind: 'unset' };
  try {
    await load(path);
    return { kind: 'sound', path };
  } catch (error) {
    return { kind: 'unusable', what: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Who this box is, and what it shows in a handshake. */
export interface BoxIdentity {
  readonly facts: IdentityFacts;
  readonly credentials: TlsCredentials | undefined;
}

export async function inspectIdentity(dataDir: string): Promise<BoxIdentity> {
  try {
    const { deviceId, fleet, brokerUrl } = await loadIdentity(dataDir);
    const credentials = (await openFileCredentials(dataDir)).current();
    const certificate = credentials && readDates(credentials.cert);
    return { facts: { kind: 'enrolled', deviceId, fleet, brokerUrl, certificate }, credentials };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { facts: explainIdentity(error), credentials: undefined };
  }
}

function explainIdentity(error: Error): IdentityFacts {
  const { code = '', message = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { kind: 'none' };
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'unreadable', detail: message };
  return { kind: 'damaged', detail: error.message };
}

function readDates(certificate: string) {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

/** The network, and the clock, which is compared with the server's. */
export async function examineNetwork(
  { dataDir, server }: AgentConfig,
  { facts, credentials }: BoxIdentity,
): Promise<readonly Check[]> {
  const ca = await readFile(server.caFile ?? '', 'utf8').catch(() => undefined);
  const handshake = credentials ?? (ca === undefined ? undefined : { ca });
  const shown = handshake === undefined ? {} : { handshake };
  const fetch = createTlsFetch(() => handshake);
  const toServer = await probeConnection({ url: server.url, depth: 'http', fetch, ...shown });
  const brokerUrl = facts.kind === 'enrolled' ? facts.brokerUrl : undefined;
  const toBroker = brokerUrl === undefined ? [] : await examineBroker(brokerUrl, shown);
  const evidence = {
    wallMs: Date.now(),
    isSynced: isClockSynced(),
    releasedMs: AGENT_RELEASED_MS,
    lastSeenMs: await loadLastSeenMs(dataDir),
  };
  return [
    ...diagnoseConnection('server', server.url, toServer),
    ...toBroker,
    ...diagnoseClock(evidence, toServer.aheadMs),
  ];
}

/** No further than TLS: a login in the name of this box would throw its agent out. */
async function examineBroker(
  url: string,
  shown: { readonly handshake?: Partial<TlsCredentials> },
): Promise<readonly Check[]> {
  return diagnoseConnection('broker', url, await probeConnection({ url, depth: 'tls', ...shown }));
}
