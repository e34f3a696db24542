import type {
  AliasChange,
  Certification,
  ModelTransition,
  ValidationView,
} from '@watchpost/shared/api/models.ts';
import type { Role } from '@watchpost/shared/api/people.ts';
import type {
  DeviceGroup,
  DeviceMetadata,
  SavedFilter,
  SavedPolicy,
  Site,
} from '@watchpost/shared/api/targeting.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { FleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';
import type { ModelVersionState } from '@watchpost/shared/lifecycle/model-version.ts';
import type { Hardware } from '@watchpost/shared/messages/birth.ts';
import type { DeploymentBody, DeploymentChange } from '@watchpost/shared/messages/deployment.ts';
import type { SelfTestFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Durable, Stream } from '@watchpost/shared/messages/durable.ts';
import type { CameraEvent } from '@watchpost/shared/messages/event.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type { ChainedEntry } from '../audit/port.ts';
import type { CommandStore } from './command-records.ts';

export type * from './command-records.ts';

import type { DeploymentRecord } from './deployment-records.ts';
import type { LeaseStore, RolloutStore } from './rollout-records.ts';

export type * from './rollout-records.ts';
export type { DeploymentRecord };

import type { DeviceWindow, DeviceWindowQuery, DeviceWindowStore } from './device-window.ts';

export type { DeviceWindow, DeviceWindowQuery, DeviceWindowStore };

export interface DeviceRecord {
  readonly id: string;
  readonly fleet: string;
  readonly state: DeviceState;
  /** SPKI, PEM. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly secretSha256: string;
  readonly hardware: Hardware;
  readonly enrolledAtMs: number;
}

export interface TokenRecord {
  readonly tokenSha256: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** The device that used it; a used token enrols that same device and key again, nobody else. */
  readonly usedBy?: string;
}

/** A certificate the server's authority issued to a device. */
export interface CertificateRecord {
  readonly serial: string;
  readonly deviceId: string;
  /** Of the certified key. */
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly revokedAtMs?: number;
}

export interface BundleRecord {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly state: ModelVersionState;
  readonly createdAtMs: number;
  /** The user who pushed it: its author. */
  readonly pushedBy?: string;
  readonly releasedAtMs?: number;
}

/** One change of a deployment as its device told it; the digest is the one that was ordered. */
export interface DeploymentChangeRecord extends DeploymentBody {
  /** Sent from the backlog, later than it happened. */
  readonly historical: boolean;
  readonly receivedAtMs: number;
}

/** A deployment with its changes, in the order in which the device made them; of very many those that came last. */
export interface DeploymentHistory extends DeploymentRecord {
  readonly changes: readonly DeploymentChangeRecord[];
}

/** What a self-test found on a device. */
export interface SelfTestRecord {
  readonly deviceId: string;
  readonly findings: SelfTestFindings;
}

export interface DeploymentQuery {
  readonly deviceId: string;
  /** `next` of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/** Newest first. */
export interface DeploymentPage {
  readonly deployments: readonly DeploymentHistory[];
  /** Where the next, older page begins; absent when there is none. */
  readonly next?: number;
}

/** What somebody set on a device. */
export interface DeviceConfigRecord {
  readonly deviceId: string;
  readonly version: number;
  readonly settings: FleetSettings;
  readonly actor: string;
  readonly atMs: number;
}

/** A durable message, parsed, on its way to the store. */
export type DurableMessage =
  | {
      readonly stream: 'event';
      readonly deviceId: string;
      readonly camera: string;
      readonly body: CameraEvent;
    }
  | { readonly stream: 'deployment'; readonly deviceId: string; readonly body: DeploymentChange }
  | { readonly stream: 'telemetry'; readonly deviceId: string; readonly body: Telemetry & Durable };

/**
 * A numbered message whose body does not fit its schema. It is kept aside under its number: otherwise the stream would
 * have a gap for ever, and the box would send it again for ever.
 */
export interface RejectedMessage {
  readonly stream: Stream;
  readonly deviceId: string;
  readonly body: Durable;
  /** What is wrong with it. */
  readonly problem: string;
  /** As it came. */
  readonly payload: string;
}

/** What the server numbers and receipts. */
export type NumberedMessage = DurableMessage | RejectedMessage;

/** Up to where a (device, epoch, stream) is stored without a gap. */
export interface Cursor {
  readonly deviceId: string;
  readonly epoch: string;
  readonly stream: Stream;
  readonly upTo: number;
}

export interface CommitResult {
  /** The cursor of every (device, epoch, stream) the batch touched. */
  readonly cursors: readonly Cursor[];
  /** Messages stored now, without those that were there already and those rejected. */
  readonly fresh: readonly DurableMessage[];
  /** Deployments that a fresh change speaks of, as they are now. */
  readonly moved: readonly DeploymentRecord[];
}

export interface EventRow extends CameraEvent {
  readonly rowId: number;
  readonly deviceId: string;
  readonly camera: string;
  readonly receivedAtMs: number;
}

export interface EventQuery {
  readonly deviceId?: string;
  readonly camera?: string;
  /** Rows with a smaller rowId. */
  readonly before?: number;
  readonly limit: number;
}

/** Each part of the store is one table or a few; methods reject with AppError STORE_FAILED. */
export interface DeviceStore {
  find(id: string): Promise<DeviceRecord | undefined>;
  list(): Promise<readonly DeviceRecord[]>;
  /** Over an older record of the same id. */
  save(device: DeviceRecord): Promise<void>;
  addToken(token: TokenRecord): Promise<void>;
  findToken(tokenSha256: string): Promise<TokenRecord | undefined>;
  /**
   * Marks the token used and writes the device, over an older record of the same id, in one transaction.
   * @returns false when the token is unknown, or was used by another device or for another key
   */
  enrol(device: DeviceRecord, tokenSha256: string): Promise<boolean>;
}

export interface CertificateStore {
  add(certificate: CertificateRecord): Promise<void>;
  /** Newest first. */
  list(deviceId: string): Promise<readonly CertificateRecord[]>;
  /** Whether the certificate, or the key whatever its certificate, was revoked. */
  isRevoked(what: { readonly serial?: string; readonly fingerprint: string }): Promise<boolean>;
  /**
   * Revokes every certificate of the device, and its key for ever.
   * @returns how many certificates that were good are so no more
   */
  revoke(device: Pick<DeviceRecord, 'id' | 'fingerprint'>, atMs: number): Promise<number>;
}

export interface BundleStore {
  /**
   * Adding the same digest again is no error.
   * @throws AppError VERSION_TAKEN when this version of the model has another digest
   */
  add(bundle: BundleRecord): Promise<void>;
  find(digest: string): Promise<BundleRecord | undefined>;
  findVersion(model: string, version: string): Promise<BundleRecord | undefined>;
  list(): Promise<readonly BundleRecord[]>;
}

/** The life of model versions: who did what, when and why. Lists are oldest first. */
export interface ModelStore {
  /**
   * Changes the state of a version and writes the change down, in one transaction.
   * @returns false when the version has another state than `from` by now
   */
  move(digest: string, transition: ModelTransition): Promise<boolean>;
  /** Writes a decision or a validation down, and moves the version when it leads somewhere, as `move` does. */
  settle(
    digest: string,
    fact: Certification | ValidationView,
    transition: ModelTransition | undefined,
  ): Promise<boolean>;
  transitions(digest: string): Promise<readonly ModelTransition[]>;
  certifications(digest: string): Promise<readonly Certification[]>;
  latestValidation(digest: string): Promise<ValidationView | undefined>;
  addAliasChange(model: string, change: AliasChange): Promise<void>;
  aliasChanges(): Promise<readonly { readonly model: string; readonly change: AliasChange }[]>;
}

export interface DeploymentStore {
  add(deployment: DeploymentRecord): Promise<void>;
  /** The newest of a device: the one whose order is retained. */
  latest(deviceId: string): Promise<DeploymentRecord | undefined>;
  latestOfAll(): Promise<readonly DeploymentRecord[]>;
  page(query: DeploymentQuery): Promise<DeploymentPage>;
  /** What a device told that may say which model ran, over all its deployments, in the order in which it made it. */
  runChanges(deviceId: string): Promise<readonly DeploymentChangeRecord[]>;
  /** The self-tests of the newest deployments of a bundle that came so far. */
  selfTests(bundleDigest: string, maxDeployments: number): Promise<readonly SelfTestRecord[]>;
  /** Takes the next counter of a device's orders: above every one taken before, and at least `atLeast`. */
  takeOrderCounter(deviceId: string, atLeast: number): Promise<number>;
  /** As above, for many devices in one transaction; in their order. */
  takeOrderCounters(deviceIds: readonly string[], atLeast: number): Promise<readonly number[]>;
}

export interface DeviceConfigStore {
  /** Under the next version of the device: above every one before, and above `above`. */
  add(config: Omit<DeviceConfigRecord, 'version'>, above: number): Promise<DeviceConfigRecord>;
  /** Newest first. */
  list(deviceId: string, limit: number): Promise<readonly DeviceConfigRecord[]>;
  /** The newest of every device that has one. */
  latestOfAll(): Promise<readonly DeviceConfigRecord[]>;
}

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

export interface ReportStore {
  /**
   * Stores a batch in one transaction, each (device, epoch, stream, seq) once, and moves the cursors. A deployment
   * stands where its changes lead in the order of their numbers, whatever the order in which they come. Once resolved, it survives a power cut.
   */
  commit(batch: readonly NumberedMessage[], receivedAtMs: number): Promise<CommitResult>;
  /** Newest first. */
  events(query: EventQuery): Promise<readonly EventRow[]>;
  countEvents(): Promise<number>;
  /** The newest `limit` summaries since `sinceMs`, oldest first. */
  telemetry(deviceId: string, sinceMs: number, limit: number): Promise<readonly Telemetry[]>;
}

export interface SessionRecord {
  readonly tokenSha256: string;
  readonly user: string;
  readonly expiresAtMs: number;
}

export interface UserRecord {
  readonly name: string;
  /** PHC string. */
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly isDisabled: boolean;
  readonly createdAtMs: number;
}

export interface AccountStore {
  /** @throws AppError USER_EXISTS */
  addUser(user: UserRecord): Promise<void>;
  findUser(name: string): Promise<UserRecord | undefined>;
  /** By name. */
  listUsers(): Promise<readonly UserRecord[]>;
  /**
   * Disabling ends the sessions and API tokens of the user, in the same transaction.
   * @returns the user as changed; undefined when there is none
   * @throws AppError LAST_ADMIN when no admin could log in afterwards
   */
  changeUser(
    name: string,
    change: Partial<Pick<UserRecord, 'roles' | 'isDisabled'>>,
  ): Promise<UserRecord | undefined>;
  /** Ends the sessions and API tokens of the user, in the same transaction. */
  setPasswordHash(name: string, hash: string): Promise<void>;
  addSession(session: SessionRecord): Promise<void>;
  /** The session of a user who is not disabled, with the roles of that user. */
  findSession(
    tokenSha256: string,
  ): Promise<(SessionRecord & { readonly roles: readonly Role[] }) | undefined>;
  deleteSession(tokenSha256: string): Promise<void>;
  /** Deletes those that are over at `nowMs`. */
  deleteSessionsUntil(nowMs: number): Promise<void>;
}

export interface ApiTokenRecord {
  readonly id: string;
  readonly tokenSha256: string;
  readonly user: string;
  readonly role: Role;
  readonly description: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly lastUsedAtMs?: number;
}

export interface ApiTokenStore {
  add(token: ApiTokenRecord): Promise<void>;
  /** The token of a user who is not disabled, with the roles of that user. */
  find(tokenSha256: string): Promise<(ApiTokenRecord & { readonly userRoles: readonly Role[] }) | undefined>;
  /** Oldest first. */
  list(): Promise<readonly ApiTokenRecord[]>;
  /** @returns what it was; undefined when there is none */
  delete(id: string): Promise<ApiTokenRecord | undefined>;
  markUsed(id: string, atMs: number): Promise<void>;
}

export interface AuditStore {
  /**
   * Adds what `makeNext` makes of the last entry; nothing comes between reading that one and adding the next, however
   * many append at once.
   */
  append(makeNext: (last: ChainedEntry | undefined) => ChainedEntry): Promise<ChainedEntry>;
  /** Oldest first. */
  list(query: { readonly afterSeq: number; readonly limit: number }): Promise<readonly ChainedEntry[]>;
}

/** One published document of the trust chain. */
export interface TrustFile {
  readonly name: string;
  readonly role: string;
  readonly version: number;
  readonly body: string;
  readonly createdAtMs: number;
}

/** Documents of the trust chain, as JSON text. */
export interface TrustStore {
  readFile(name: string): Promise<string | undefined>;
  /** The newest published document of a role. */
  newest(role: string): Promise<string | undefined>;
  staged(): Promise<readonly { readonly role: string; readonly body: string }[]>;
  /** Each takes the place of what is staged for its role. */
  stage(documents: readonly { readonly role: string; readonly body: string }[]): Promise<void>;
  /** In one transaction: a box never finds half of a change. */
  publish(files: readonly TrustFile[], unstage: readonly string[]): Promise<void>;
}

/** All the fleet server remembers. */
export interface Store {
  readonly devices: DeviceStore;
  readonly certificates: CertificateStore;
  readonly bundles: BundleStore;
  readonly models: ModelStore;
  readonly deployments: DeploymentStore;
  readonly deviceConfigs: DeviceConfigStore;
  readonly commands: CommandStore;
  readonly deviceWindows: DeviceWindowStore;
  readonly targeting: TargetingStore;
  readonly rollouts: RolloutStore;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly accounts: AccountStore;
  readonly apiTokens: ApiTokenStore;
  readonly trust: TrustStore;
  readonly audit: AuditStore;
  close(): Promise<void>;
}
