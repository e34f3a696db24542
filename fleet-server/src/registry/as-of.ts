import type { DeviceAsOf } from '@watchpost/shared/api/models.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, Store } from '../store/port.ts';
import { findRunning, listRuns, type Running } from './install-history.ts';
import { findAliases, viewVersion } from './model-views.ts';

type AsOfStore = Pick<Store, 'bundles' | 'models' | 'devices' | 'deployments'>;

/** @throws AppError NOT_FOUND for a device nobody enrolled */
export async function readAsOf(store: AsOfStore, deviceId: string, atMs: number): Promise<DeviceAsOf> {
  if ((await store.devices.find(deviceId)) === undefined)
    throw serverError('NOT_FOUND', `there is no device "${deviceId}"`);
  const running = findRunning(listRuns(await store.deployments.runChanges(deviceId)), atMs);
  const bundle = running && (await store.bundles.find(running.digest));
  if (running === undefined || bundle === undefined) return { deviceId, atMs };
  return { deviceId, atMs, running: await describeRunning(store, running, bundle) };
}

async function describeRunning(
  { models }: AsOfStore,
  { deploymentId, digest, sinceMs, reportedAtMs, untilMs }: Running,
  bundle: BundleRecord,
): Promise<NonNullable<DeviceAsOf['running']>> {
  const certified = (await models.certifications(digest)).findLast(({ decision }) => decision === 'approve');
  const released = (await models.transitions(digest)).find(({ to }) => to === 'released');
  const aliases = findAliases(await models.aliasChanges(), bundle.manifest);
  return {
    deploymentId,
    sinceMs,
    reportedAtMs,
    ...(untilMs !== undefined && { untilMs }),
    ...(certified !== undefined && { certified }),
    ...(released !== undefined && { released }),
    version: viewVersion(bundle, aliases),
    lineage: bundle.manifest.lineage,
  };
}
