import type {
  DeviceGroup,
  DeviceMetadata,
  SavedFilter,
  SavedPolicy,
  Site,
} from '@watchpost/shared/api/targeting.ts';

export interface DeviceMetadataRecord extends DeviceMetadata {
  readonly deviceId: string;
}

/** What people say about devices. Lists are by id. */
export interface TargetingStore {
  listSites(): Promise<readonly Site[]>;
  /** Over an older one of the same id, as below. */
  saveSite(site: Site): Promise<void>;
  /** @returns false when there was none, as below */
  deleteSite(id: string): Promise<boolean>;
  listMetadata(): Promise<readonly DeviceMetadataRecord[]>;
  /** Writes what `change` makes of what is said of a device; nothing comes between the two. */
  changeMetadata(
    deviceId: string,
    change: (before: DeviceMetadata) => DeviceMetadata,
  ): Promise<{ readonly before: DeviceMetadata; readonly after: DeviceMetadata }>;
  listGroups(): Promise<readonly DeviceGroup[]>;
  saveGroup(group: DeviceGroup): Promise<void>;
  deleteGroup(id: string): Promise<boolean>;
  listFilters(): Promise<readonly SavedFilter[]>;
  saveFilter(filter: SavedFilter): Promise<void>;
  deleteFilter(id: string): Promise<boolean>;
  listPolicies(): Promise<readonly SavedPolicy[]>;
  savePolicy(policy: SavedPolicy): Promise<void>;
  deletePolicy(id: string): Promise<boolean>;
}
