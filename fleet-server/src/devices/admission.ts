import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';
import { DEVICE_LIFECYCLE } from '@watchpost/shared/lifecycle/device.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import type { AuditActor, AuditLog } from '../audit/port.ts';
import type { Broker } from '../broker/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { CertificateStore, DeviceRecord, DeviceStore } from '../store/port.ts';
import type { Admission, FleetProjection, PreauthorizedDevice } from './port.ts';

export interface AdmissionDeps {
  readonly devices: Pick<DeviceStore, 'find' | 'save'>;
  readonly certificates: Pick<CertificateStore, 'revoke'>;
  readonly broker: Pick<Broker, 'disconnect'>;
  readonly projection: Pick<FleetProjection, 'addDevice'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly nowMs: () => number;
  readonly fleet: string;
}

export function createAdmission(deps: AdmissionDeps): Admission {
  return {
    accept: (wanted, actor) => decide(deps, wanted, { to: 'accepted', actor }),
    reject: (wanted, actor) => decide(deps, wanted, { to: 'rejected', actor }),
    preauthorize: (list, actor) => preauthorize(deps, list, actor),
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

async function decide(
  deps: AdmissionDeps,
  { id, fingerprint }: PreauthorizedDevice,
  { to, actor }: { readonly to: 'accepted' | 'rejected'; readonly actor: AuditActor },
): Promise<void> {
  const device = await requireDevice(deps, id);
  requireSameKey(device, fingerprint);
  await record(deps, actor, `device.${to}`, await move(deps, device, to));
}

async function preauthorize(
  deps: AdmissionDeps,
  list: readonly PreauthorizedDevice[],
  actor: AuditActor,
): Promise<void> {
  const known = await Promise.all(list.map(({ id }) => deps.devices.find(id)));
  const checked = list.map((wanted, index) => ({ wanted, device: known[index] }));
  for (const { wanted, device } of checked) {
    if (device !== undefined) requireSameKey(device, wanted.fingerprint);
    if (device?.state === 'rejected' || device?.state === 'decommissioned')
      throw serverError('DEVICE_STATE', `device ${device.id} is ${device.state}`);
  }
  for (const { wanted, device } of checked) {
    if (device?.state === 'pending') await decide(deps, wanted, { to: 'accepted', actor });
    if (device === undefined) await addPreauthorized(deps, wanted, actor);
  }
}

/** A device before its box was heard of: hardware, key and secret come with the enrolment. */
async function addPreauthorized(
  deps: AdmissionDeps,
  { id, fingerprint }: PreauthorizedDevice,
  actor: AuditActor,
): Promise<void> {
  const unknown = 'unknown';
  const device: DeviceRecord = {
    id,
    fingerprint,
    fleet: deps.fleet,
    state: 'preauthorized',
    publicKey: '',
    secretSha256: '0'.repeat(64),
    hardware: { board: unknown, cpu: unknown, cores: 1, memoryBytes: 0, os: unknown, arch: unknown, gpu: [] },
    enrolledAtMs: deps.nowMs(),
  };
  await deps.devices.save(device);
  deps.projection.addDevice(device);
  await record(deps, actor, 'device.preauthorized', device);
}

/** @throws AppError FINGERPRINT_MISMATCH */
function requireSameKey(device: DeviceRecord, fingerprint: string): void {
  if (device.fingerprint !== fingerprint)
    throw serverError('FINGERPRINT_MISMATCH', `device ${device.id} holds the key ${device.fingerprint}`);
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
