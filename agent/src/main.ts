import { randomUUID } from 'node:crypto';
import { type Component, startAll } from '@watchpost/shared/kernel/component.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createAttendant } from './attention/attendant.ts';
import { type Box, closeBox, openBox, random01 } from './composition/box.ts';
import { createBoxCommands, type ProcessHands } from './composition/commands.ts';
import { createFleetUplink, reportModel } from './composition/fleet.ts';
import { createLiveParts, type LiveParts } from './composition/live-parts.ts';
import { createBoxConfig, type OpenedSettings } from './composition/settings.ts';
import { createBundleUpdater, createTrust } from './composition/updates.ts';
import { createModelDecider } from './decision/model-decider.ts';
import { createCertificateRenewal } from './identity/certificate-renewal.ts';
import { systemClock } from './kernel/system-clock.ts';
import { createPipeline } from './pipeline/pipeline.ts';
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
  settings: OpenedSettings,
  log: Logger,
  signal: AbortSignal,
  hands: ProcessHands = NO_HANDS,
): Promise<() => Promise<void>> {
  const box = await openBox(settings, log);
  const uplink = createFleetUplink(box);
  const { directorKeys, ...trust } = await createTrust(box);
  const live = createLiveParts(box, uplink);
  const { freeRoom } = live.evidence;
  const updater = await createBundleUpdater(box, uplink, { ...trust, freeRoom });
  uplink.onDesired((document) => updater.onDesired(document));
  await updater.resume();
  reportModel(box, uplink, updater);
  const fleetConfig = createBoxConfig(settings, box, uplink, { ...live, directorKeys });
  const commands = createBoxCommands(settings, box, uplink, { ...hands, directorKeys });
  const frames = createFrameParts(box, uplink, live);
  const parts = [box.clockTrust, ...frames, updater, fleetConfig, commands, createBoxWatchdog(box)];
  const stopParts = await startAll(parts, signal).catch(async (error: unknown) => {
    await closeBox(box);
    throw error;
  });
  return async () => {
    await stopParts();
    await closeBox(box);
  };
}

const NO_HANDS: ProcessHands = { recentLog: () => [] };

/** In the order they start; they stop in reverse, so the uplink is the last to fall silent. */
function createFrameParts(box: Box, uplink: UplinkComponent, live: LiveParts): readonly Component[] {
  const { config, cameras, log, identity, credentials } = box;
  const pipeline = createPipeline({
    model: box.model,
    uplink,
    attention: { createAttendant, governor: live.governor },
    decisions: {
      createDecider: createModelDecider,
      newId: randomUUID,
      onDecision: live.evidence.onDecision,
    },
    counts: box.vitals,
    clock: systemClock,
    log: log.child({ component: 'pipeline' }),
  });
  cameras.watchWith(pipeline);
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
    ...live.telemetry,
    live.governor,
    live.evidence,
    pipeline,
    cameras,
    live.pictures,
  ];
}

/** Started last, stopped first: what it says is true of all the others. */
function createBoxWatchdog({ vitals, guard, log }: Box): Component {
  const systemdLog = log.child({ component: 'systemd' });
  return createWatchdog({
    notifier: createSystemdNotify({ env: process.env, pid: process.pid, log: systemdLog }),
    source: vitals,
    guard,
    clock: systemClock,
    log: log.child({ component: 'watchdog' }),
  });
}
