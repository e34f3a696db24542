import type { RolloutPreview } from '@watchpost/shared/api/rollouts.ts';
import { orderTypesOf } from '@watchpost/shared/trust/order.ts';
import type { RolloutWhole } from '../store/port.ts';
import type { AdmissionVerdict, TargetDevice } from '../targeting/port.ts';
import { findUnknownType } from './order-type-verdict.ts';
import type { PlannedGroup } from './plan-groups.ts';
import type { RolloutDraft } from './rollout-draft.ts';

/** Devices named of each group. */
const MAX_EXAMPLES = 10;

/** @param active rollouts under way */
export function previewDraft(
  draft: RolloutDraft,
  judge: (device: TargetDevice) => AdmissionVerdict,
  active: readonly RolloutWhole[],
): RolloutPreview {
  const { bundle, policy, seed, devices, groups } = draft;
  const byId = new Map(devices.map((device) => [device.id, device]));
  return {
    bundleDigest: bundle.digest,
    model: bundle.manifest.model,
    version: bundle.manifest.version,
    policy,
    seed,
    total: devices.length,
    connected: devices.filter(isConnected).length,
    unfit: countUnfit(devices, (device) => {
      const unknown = findUnknownType(policy.type, orderTypesOf(device));
      return unknown === undefined ? judge(device) : { kind: 'unfit', ...unknown };
    }),
    groups: groups.map((group, index) => previewGroup(group, index, byId)),
    overlaps: active.flatMap(({ rollout: { id, name, priority }, members }) => {
      const shared = members.filter(({ deviceId }) => byId.has(deviceId)).length;
      return shared === 0 ? [] : [{ id, name, priority, devices: shared }];
    }),
  };
}

const isConnected = ({ connection }: TargetDevice): boolean =>
  connection !== 'disconnected' && connection !== 'lost';

function countUnfit(
  devices: readonly TargetDevice[],
  judge: (device: TargetDevice) => AdmissionVerdict,
): RolloutPreview['unfit'] {
  const unfit = new Map<string, RolloutPreview['unfit'][number]>();
  for (const device of devices) {
    const verdict = judge(device);
    if (verdict.kind !== 'unfit') continue;
    const { code, detail } = verdict;
    const before = unfit.get(code) ?? { code, detail, devices: 0, example: device.id };
    unfit.set(code, { ...before, devices: before.devices + 1 });
  }
  return [...unfit.values()];
}

function previewGroup(
  { name, deviceIds }: PlannedGroup,
  index: number,
  byId: ReadonlyMap<string, TargetDevice>,
): RolloutPreview['groups'][number] {
  const devices = deviceIds.flatMap((id) => byId.get(id) ?? []);
  return {
    number: index + 1,
    name,
    devices: devices.length,
    connected: devices.filter(isConnected).length,
    bySite: [...Map.groupBy(devices, ({ site }) => site)].map(([site, those]) => ({
      ...(site !== undefined && { site }),
      devices: those.length,
    })),
    examples: deviceIds.slice(0, MAX_EXAMPLES),
  };
}
