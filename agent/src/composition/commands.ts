import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { createLogLevel, createRestartAgent } from '../commands/agent-commands.ts';
import { createRestartCamera } from '../commands/camera-command.ts';
import { type CommandDesk, createCommandDesk } from '../commands/command-desk.ts';
import { createDiagnostics } from '../commands/diagnostics-command.ts';
import { createFileCommandStore } from '../commands/file-command-store.ts';
import { readRecords } from '../commands/fs-records.ts';
import { createHttpEvidence } from '../commands/http-evidence.ts';
import { createBenchmark, createSelfTestCommand, type ModelCommandDeps } from '../commands/model-commands.ts';
import type { CommandTable } from '../commands/port.ts';
import { createSnapshot } from '../commands/snapshot-command.ts';
import { type BootedConfig, settleConfig } from '../config/boot-config.ts';
import { peekConfigMemory } from '../config/file-config-store.ts';
import { createChildProcessHost } from '../inference/child-process-host.ts';
import { checkGoldenFrames } from '../inference/golden.ts';
import { hasRuntime } from '../inference/local-runtime.ts';
import { readCpuFeatures } from '../inference/proc-cpu-features.ts';
import { createSelfTest } from '../inference/self-test.ts';
import { isClockSynced } from '../kernel/sync-marks.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { createJwsCommandReader } from '../trust/jws-order.ts';
import type { DirectorKeys } from '../trust/port.ts';
import { loadBundle } from '../update/bundle-folder.ts';
import type { UplinkComponent } from '../uplink/port.ts';
import { type Box, random01 } from './box.ts';
import { createBoxEvidenceCommand } from './evidence.ts';
import type { OpenedSettings } from './settings.ts';

/** What only the process itself can do. */
export interface ProcessHands {
  /** The newest lines of its log, oldest first. */
  readonly recentLog: (lines: number) => readonly string[];
  /** Ends it in order; absent where nobody would start it again. */
  readonly restart?: () => void;
}

export function createBoxCommands(
  settings: OpenedSettings,
  box: Box,
  uplink: UplinkComponent,
  hands: ProcessHands & { readonly directorKeys: DirectorKeys },
): CommandDesk {
  const { config, identity, log } = box;
  const commandLog = log.child({ component: 'commands' });
  const reader = createJwsCommandReader({ deviceId: identity.deviceId, directorKeys: hands.directorKeys });
  const desk = createCommandDesk({
    read: (token) => reader.read(token),
    table: createTable(settings, box, hands),
    store: createFileCommandStore({ dataDir: config.dataDir, log: commandLog }),
    reply: (name, reply) => uplink.publish('commandReply', reply, name),
    clock: systemClock,
    isClockSynced,
    log: commandLog,
  });
  uplink.onCommand((name, request) => desk.onCommand(name, request));
  return desk;
}

function createTable(settings: OpenedSettings, box: Box, hands: ProcessHands): CommandTable {
  const { config, identity, fetch, guard } = box;
  const cameras = () => box.cameras.list();
  const send = createHttpEvidence({ serverUrl: config.server.url, identity, fetch, random01 });
  const inForce = () => readInForce(settings);
  const model = createModelDeps(box);
  const clock = systemClock;
  return {
    snapshot: createSnapshot({
      cameras,
      mayShow: async () => guard.verdict === 'normal' && (await inForce()).config.pictures.enabled,
      send,
    }),
    evidence: createBoxEvidenceCommand(box, async () => (await inForce()).config.evidence),
    selftest: createSelfTestCommand(model),
    benchmark: createBenchmark(model),
    'restart-camera': createRestartCamera({ cameras, restart: (id) => box.cameras.restart(id), clock }),
    'restart-agent': createRestartAgent(hands.restart),
    loglevel: createLogLevel({
      use: settings.useLogLevel,
      levelInForce: async () => (await inForce()).config.log.level,
      clock,
      schedule: (delayMs, run) => {
        const timer = setTimeout(run, delayMs).unref();
        return () => clearTimeout(timer);
      },
    }),
    diagnostics: createDiagnostics({
      about: () => describeBox(box),
      // Much of it nothing else needs.
      examine: async (signal) =>
        (await import('../cli/doctor.ts')).examineRunningBox(await inForce(), signal),
      recentLog: hands.recentLog,
      settings: async () => (await inForce()).config,
      records: () => readRecords(config.dataDir),
      send,
      clock,
    }),
  };
}

/** The settings may have changed since the start. */
async function readInForce({ compose }: OpenedSettings): Promise<BootedConfig> {
  return settleConfig(await peekConfigMemory(compose().dataDir), compose, silentLogger);
}

function createModelDeps({ config, cameras, model, log }: Box): ModelCommandDeps {
  const { threads, spinning, accelerator, maxMemoryBytes } = config.inference;
  const inferenceLog = log.child({ component: 'inference' });
  return {
    current: () => model.current(),
    load: (digest) => loadBundle(join(config.dataDir, 'bundles', digest), digest),
    selfTest: createSelfTest({
      host: createChildProcessHost({ log: inferenceLog, random: random01 }),
      ...{ checkGoldenFrames, readCpuFeatures, hasRuntime },
      clock: systemClock,
      log: inferenceLog,
    }),
    settings: {
      ...{ spinning, accelerator, maxMemoryBytes },
      cores: availableParallelism(),
      ...(threads !== undefined && { threads }),
    },
    framesPerSec: () => cameras.configs().reduce((sum, { fps }) => sum + fps, 0),
  };
}

function describeBox({ identity, hardware, startedAtMs, model }: Box): object {
  const { deviceId, fleet, brokerUrl } = identity;
  const { digest, variant, threads, manifest } = model.current() ?? {};
  return {
    ...{ deviceId, fleet, brokerUrl, hardware, startedAtMs },
    versions: { agent: AGENT_VERSION, node: process.version, kernel: release() },
    ...(manifest && { model: { name: manifest.model, version: manifest.version, digest, variant, threads } }),
  };
}
