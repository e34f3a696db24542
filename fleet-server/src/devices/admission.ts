import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';
import { DEVICE_LIFECYCLE } from '@watchpost/shared/lifecycle/device.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import type { Broker } from '../broker/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { CertificateStore, DeviceRecord, DeviceStore } from '../store/port.ts';
import type { Admission, FleetProjection } from './port.ts';

export interface AdmissionDeps {
  readonly devices: Pick<DeviceStore, 'find' | 'save'>;
  readonly certificates: Pick<CertificateStore, 'revoke'>;
  readonly broker: Pick<Broker, 'disconnect'>;
  readonly projection: Pick<FleetProjection, 'addDevice'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly nowMs: () => number;
}

export function createAdmission(deps: AdmissionDeps): Admission {
  return {
    revoke: async (id, actor) => {
      const device = await requireDevice(deps, id);
      await shutOut(deps, device);
      await record(deps, actor, 'device.revoked', device);
    },
    decommission: async (id, actor) => {
      const device = await move(deps, await requireDevice(deps, id), 'decommissioned');
      await shutOut(deps, device);
      await record(deps, actor, 'device.decommissioned', device);
    },
  };
}

/** The store says no before the connection goes: who comes back at once is refused. */
async function shutOut(deps: AdmissionDeps, device: DeviceRecord): Promise<void> {
  await deps.certificates.revoke(device, deps.nowMs());
  deps.broker.disconnect(device.id);
}

/** @throws AppError NOT_FOUND */
async function requireDevice(deps: AdmissionDeps, id: string): Promise<DeviceRecord> {
  const device = await deps.devices.find(id);
  if (device === undefined) throw serverError('NOT_FOUND', `there is no device "${id}"`);
  return device;
}

/** @throws AppError DEVICE_STATE */
async function move(deps: AdmissionDeps, device: DeviceRecord, to: DeviceState): Promise<DeviceRecord> {
  const state = advance(DEVICE_LIFECYCLE, device.state, to);
  if (state === undefined)
    throw serverError('DEVICE_STATE', `device ${device.id} is ${device.state} and cannot become ${to}`);
  const moved = { ...device, state };
  await deps.devices.save(moved);
  deps.projection.addDevice(moved);
  return moved;
}

async function record(
  { audit }: AdmissionDeps,
  actor: AuditActor,
  action: string,
  { id, fingerprint }: DeviceRecord,
): Promise<void> {
  await audit.record({ actor, action, subject: id, details: { fingerprint } });
}
