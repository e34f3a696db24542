import type { ActiveBundle, Birth } from '@watchpost/shared/messages/birth.ts';
import { STREAMS } from '@watchpost/shared/messages/durable.ts';
import { ORDER_TYPES } from '@watchpost/shared/trust/order.ts';
import type { CameraConfig } from '../config/schema.ts';
import type { ActiveModel } from '../inference/port.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import type { Updater } from '../update/updater.ts';
import { createMqttSession } from '../uplink/mqtt-session.ts';
import type { UplinkComponent } from '../uplink/port.ts';
import { createUplink } from '../uplink/uplink.ts';
import { type Box, random01 } from './box.ts';

export function createFleetUplink(box: Box): UplinkComponent {
  const { identity, credentials, outbox, clockTrust, log } = box;
  const session = createMqttSession({
    identity,
    credentials: credentials.current,
    clock: systemClock,
    random01,
    log,
  });
  return createUplink({
    identity,
    outbox,
    session,
    birth: () => composeBirth(box),
    clock: systemClock,
    clockState: clockTrust.verdict,
    log,
  });
}

export function reportModel(box: Box, uplink: UplinkComponent, updater: Updater): void {
  const active = describeActive(box.model);
  const deployment = updater.current();
  uplink.publish('reportedModel', {
    tsMs: systemClock.wallMs(),
    ...(active && { active }),
    ...(deployment && { deploymentId: deployment.deploymentId, deploymentState: deployment.state }),
  });
}

function describeActive(model: ActiveModel): ActiveBundle | undefined {
  const current = model.current();
  if (current === undefined) return undefined;
  const { digest, manifest, variant } = current;
  return { model: manifest.model, version: manifest.version, digest, variant };
}

export function composeBirth({ cameras, hardware, model, outbox, startedAtMs }: Box): Birth {
  const activeBundle = describeActive(model);
  return {
    agentVersion: AGENT_VERSION,
    startedAtMs,
    hardware,
    orderTypes: [...ORDER_TYPES],
    executionProviders: [...(model.current()?.classifier.executionProviders ?? [])],
    cameras: cameras.configs().map((camera) => ({
      id: camera.id,
      name: camera.name ?? camera.id,
      kind: kindOf(camera),
    })),
    ...(activeBundle && { activeBundle }),
    epoch: outbox.epoch,
    lastSeq: Object.fromEntries(STREAMS.map((stream) => [stream, outbox.lastSeq(stream)])),
  };
}

function kindOf({ url, device }: CameraConfig): Birth['cameras'][number]['kind'] {
  if (device !== undefined) return 'v4l2';
  if (url === undefined) return 'file';
  return url.startsWith('rtsp') ? 'rtsp' : 'mjpeg';
}
