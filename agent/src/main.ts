import { randomUUID } from 'node:crypto';
import { type Component, startAll } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { Camera } from './capture/port.ts';
import { type Box, closeBox, openBox, random01 } from './composition/box.ts';
import { createFleetUplink, reportModel } from './composition/fleet.ts';
import { createActivation, createBundleUpdater, resumeModel } from './composition/updates.ts';
import type { AgentConfig } from './config/schema.ts';
import { createDecider } from './decision/decider.ts';
import { createCertificateRenewal } from './identity/certificate-renewal.ts';
import { systemClock } from './kernel/system-clock.ts';
import { createPipeline } from './pipeline.ts';
import { createNvidiaSmiGpu } from './telemetry/nvidia-smi-gpu.ts';
import { createProcTelemetry } from './telemetry/proc-telemetry.ts';
import { createTelemetryReporter } from './telemetry/telemetry-reporter.ts';
import { createHttpPictures } from './uplink/http-pictures.ts';
import type { UplinkComponent } from './uplink/port.ts';
import { createSystemdNotify } from './watchdog/systemd-notify.ts';
import { createWatchdog } from './watchdog/watchdog.ts';

/**
 * Builds the agent and starts it. The cameras classify with the model already on disk before anything is heard from
 * the fleet; a broker that is down keeps nothing from starting.
 * @returns stops everything
 * @throws AppError NOT_ENROLLED | CONFIG_INVALID | STORE_FAILED
 */
export async function startAgent(
  config: AgentConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const box = await openBox(config, log);
  const activate = createActivation(box);
  const uplink = createFleetUplink(box);
  const updater = await createBundleUpdater(box, uplink, activate);
  uplink.onDesired((document) => updater.onDesired(document));
  await resumeModel(box, activate);
  reportModel(box, uplink, updater);
  const parts = [box.clockTrust, ...createParts(box, uplink), updater, createBoxWatchdog(box)];
  const stopParts = await startAll(parts, signal).catch(async (error: unknown) => {
    await closeBox(box);
    throw error;
  });
  return async () => {
    await stopParts();
    await closeBox(box);
  };
}

/** In the order they start; they stop in reverse, so the uplink is the last to fall silent. */
function createParts(box: Box, uplink: UplinkComponent): readonly Component[] {
  const { config, cameras, log, identity, credentials } = box;
  const gpu = createNvidiaSmiGpu({
    intervalSec: config.telemetry.intervalSec,
    clock: systemClock,
    random01,
    log,
  });
  return [
    createCertificateRenewal({
      identity,
      credentials,
      serverUrl: config.server.url,
      fetch: box.fetch,
      onDirectorKeys: box.directorKeys.replace,
      clock: systemClock,
      random01,
      log: log.child({ component: 'certificate-renewal' }),
    }),
    uplink,
    gpu,
    createTelemetryReporter({
      source: createProcTelemetry({ dataDir: config.dataDir, gpu }),
      uplink,
      ...config.telemetry,
      clock: systemClock,
      log,
    }),
    createPipeline({
      cameras,
      model: box.progress.model,
      uplink,
      createDecider: ({ manifest }) => createDecider(manifest.decision, manifest.output.labels),
      newId: randomUUID,
      clock: systemClock,
      log: log.child({ component: 'pipeline' }),
    }),
    ...cameras.map(asComponent),
    ...(config.pictures.enabled && box.guard.verdict === 'normal'
      ? [
          createHttpPictures({
            sources: cameras,
            serverUrl: config.server.url,
            identity,
            idleSec: config.pictures.idleSec,
            fetch: box.fetch,
            log,
          }),
        ]
      : []),
  ];
}

/** Started last, stopped first: what it says is true of all the others. */
function createBoxWatchdog({ progress, guard, log }: Box): Component {
  const systemdLog = log.child({ component: 'systemd' });
  return createWatchdog({
    notifier: createSystemdNotify({ env: process.env, pid: process.pid, log: systemdLog }),
    source: progress,
    guard,
    clock: systemClock,
    log: log.child({ component: 'watchdog' }),
  });
}

function asComponent(camera: Camera): Component {
  return { name: `camera ${camera.id}`, start: (signal) => camera.start(signal), stop: () => camera.stop() };
}
