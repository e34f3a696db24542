import type {
  DeviceGroup,
  DeviceGroupView,
  DeviceMetadata,
  MetadataChange,
  SavedFilter,
  SavedPolicy,
  Site,
  SiteView,
  TargetDeviceView,
} from '@watchpost/shared/api/targeting.ts';
import type { AuditActor } from '../audit/port.ts';
import type { DeviceView } from '../devices/port.ts';

/** A device as filters and rollouts see it; a `FilteredDevice` of the filter language. */
export type TargetDevice = Readonly<TargetDeviceView>;

/** Whether a device can take a bundle, by what the server knows of it. */
export type AdmissionVerdict =
  | { readonly kind: 'fit' }
  /** It cannot, whatever anybody does: it is rejected, and never counts as a failure. */
  | { readonly kind: 'unfit'; readonly code: UnfitCode; readonly detail: string }
  /** The device did not say enough of itself yet: it judges itself when the order comes. */
  | { readonly kind: 'unknown'; readonly detail: string };

export const UNFIT_CODES = [
  'UNFIT_AGENT',
  'UNFIT_ARCH',
  'UNFIT_MEMORY',
  'UNFIT_DISK',
  'UNFIT_LATENCY',
] as const;
/** Of the first demand that is not met; the detail names all of them. */
export type UnfitCode = (typeof UNFIT_CODES)[number];

/** Who is meant by a filter, and who can take a bundle. */
export interface Targeting {
  /** The devices that may be given orders: accepted ones, by id. */
  listDevices(): Promise<readonly TargetDevice[]>;
  /**
   * Those of them that meet a filter, by id.
   * @throws AppError FILTER_INVALID, also for a group that there is not
   */
  match(filter: string): Promise<readonly TargetDevice[]>;
  /** Every device of the fleet that meets a filter, whatever its state. @throws AppError FILTER_INVALID */
  find(filter: string): Promise<readonly DeviceView[]>;
  /**
   * Judges devices by what a bundle asks for.
   * @throws AppError NOT_FOUND for an unknown bundle
   */
  admission(bundleDigest: string): Promise<(device: TargetDevice) => AdmissionVerdict>;
}

/**
 * What people say about devices: sites, tags, attributes, groups, filters; and how careful rollouts are with them,
 * policies with a name. Each change is in the audit log; one that
 * changes nothing is not. All throw AppError STORE_FAILED.
 */
export interface TargetBook {
  listSites(): Promise<readonly SiteView[]>;
  /** @throws AppError NOT_FOUND */
  showSite(id: string): Promise<SiteView>;
  /** @throws AppError REQUEST_INVALID for a time zone that is none */
  saveSite(site: Site, actor: AuditActor): Promise<SiteView>;
  /** @throws AppError NOT_FOUND | IN_USE while devices stand there */
  deleteSite(id: string, actor: AuditActor): Promise<void>;
  /** @throws AppError NOT_FOUND for an unknown device or site | REQUEST_INVALID when it has too much of something */
  changeMetadata(deviceId: string, change: MetadataChange, actor: AuditActor): Promise<DeviceMetadata>;
  listGroups(): Promise<readonly DeviceGroupView[]>;
  /** @throws AppError NOT_FOUND */
  showGroup(id: string): Promise<DeviceGroupView>;
  /**
   * @throws AppError NOT_FOUND for an unknown device | FILTER_INVALID, also for a group that there is not |
   * REQUEST_INVALID for neither or both of devices and filter, and for groups that lead in a circle
   */
  saveGroup(group: DeviceGroup, actor: AuditActor): Promise<DeviceGroupView>;
  /** @throws AppError NOT_FOUND | IN_USE while another group, a saved filter or an open rollout speaks of it */
  deleteGroup(id: string, actor: AuditActor): Promise<void>;
  listFilters(): Promise<readonly SavedFilter[]>;
  /** @throws AppError NOT_FOUND */
  showFilter(id: string): Promise<SavedFilter>;
  /** @throws AppError FILTER_INVALID, also for a group that there is not */
  saveFilter(filter: SavedFilter, actor: AuditActor): Promise<SavedFilter>;
  /** @throws AppError NOT_FOUND */
  deleteFilter(id: string, actor: AuditActor): Promise<void>;
  listPolicies(): Promise<readonly SavedPolicy[]>;
  /** @throws AppError NOT_FOUND */
  showPolicy(id: string): Promise<SavedPolicy>;
  savePolicy(policy: SavedPolicy, actor: AuditActor): Promise<SavedPolicy>;
  /** Rollouts that were made with it keep it. @throws AppError NOT_FOUND */
  deletePolicy(id: string, actor: AuditActor): Promise<void>;
}
