import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import type { CameraView, DeviceView, LiveMessage } from '@watchpost/shared/api/fleet.ts';
import type { TokenReply } from '@watchpost/shared/api/registry.ts';
import type { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';
import type {
  EnrolPending,
  EnrolRequest,
  EnrolResponse,
  NonceReply,
  RenewalReply,
  RenewalRequest,
} from '@watchpost/shared/messages/enrolment.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import type { CameraTopicKind, Payload, TopicKind } from '@watchpost/shared/topics.ts';
import type { AuditActor } from '../audit/port.ts';
import type { CommitResult, DeploymentRecord, DeviceConfigRecord, DeviceRecord } from '../store/port.ts';

export type { CameraView, DeviceView, LiveMessage };

/** The fleet as it is now: a projection of what devices reported, in memory; rebuilt from the store and births. */
export interface FleetView {
  devices(): readonly DeviceView[];
  device(id: string): DeviceView | undefined;
  /** Live samples of the last minutes, oldest first. */
  recentTelemetry(id: string): readonly Telemetry[];
  /** @returns unsubscribes */
  subscribe(listener: (message: LiveMessage) => void): () => void;
  /** How many listeners there are: somebody watches. */
  watchers(): number;
}

/** How one device stands right now. */
export interface DeviceStanding {
  readonly isAccepted: boolean;
  readonly isConnected: boolean;
  /** When it spoke last; before its first word, since when this server listens to it. */
  readonly lastSeenMs: number;
  /** Types of orders its agent carries out; absent before its first word. */
  readonly orderTypes?: readonly string[];
  /** What it classifies with, as it said last. */
  readonly activeDigest?: string;
  /** The newest one. */
  readonly deployment?: DeploymentRecord;
}

/** Cheap enough to be asked about every device, again and again. */
export interface FleetPresence {
  /** @returns undefined for a device there is not */
  standing(id: string): DeviceStanding | undefined;
}

/** Kinds of messages that only the view keeps: the newest counts. */
export type LiveKind = Exclude<
  TopicKind,
  'cameraEvent' | 'deployment' | 'desiredModel' | 'desiredConfig' | 'receipt' | 'command' | 'commandReply'
>;

/** A live message, parsed. */
export type LiveReport = {
  readonly [K in LiveKind]: {
    readonly kind: K;
    readonly deviceId: string;
    readonly body: Payload<K>;
  } & (K extends CameraTopicKind ? { readonly camera: string } : unknown);
}[LiveKind];

/** What the view is made from. What speaks of an unknown device is ignored. */
export interface FleetProjection {
  /** A new device, or a new record of a known one. */
  addDevice(record: DeviceRecord): void;
  /** The newest deployment of its device. */
  setDeployment(deployment: DeploymentRecord): void;
  /** New settings of a device; older ones than those shown are ignored. */
  setConfig(config: DeviceConfigRecord): void;
  /** What people say of a device, whole. */
  setMetadata(deviceId: string, metadata: DeviceMetadata): void;
  /** The device's connection to the broker went up or down. */
  setPresence(deviceId: string, connected: boolean): void;
  apply(report: LiveReport): void;
  applyCommit(result: Pick<CommitResult, 'fresh' | 'moved'>, receivedAtMs: number): void;
  /** The latest picture of a camera; undefined when it was dropped. */
  setPicture(deviceId: string, camera: string, atMs: number | undefined): void;
  /** What there is of the pictures of a sighting. */
  setEvidence(evidence: EvidenceView): void;
}

/** The latest picture of each camera, in memory. */
export interface PictureBoard {
  put(deviceId: string, camera: string, jpeg: Uint8Array, atMs: number): void;
  get(deviceId: string, camera: string): { readonly jpeg: Uint8Array; readonly atMs: number } | undefined;
}

/** A box that may enrol without a token. */
export interface PreauthorizedDevice {
  readonly id: string;
  readonly fingerprint: string;
}

/** What people decide about devices; each decision is in the audit log. */
export interface Admission {
  /** Lets a waiting box in. @throws AppError NOT_FOUND | FINGERPRINT_MISMATCH | DEVICE_STATE | STORE_FAILED */
  accept(device: PreauthorizedDevice, actor: AuditActor): Promise<void>;
  /** @throws AppError NOT_FOUND | FINGERPRINT_MISMATCH | DEVICE_STATE | STORE_FAILED */
  reject(device: PreauthorizedDevice, actor: AuditActor): Promise<void>;
  /**
   * All or none; a device that stands there with this fingerprint already is no error, one that waits is let in.
   * @throws AppError FINGERPRINT_MISMATCH | DEVICE_STATE | STORE_FAILED
   */
  preauthorize(devices: readonly PreauthorizedDevice[], actor: AuditActor): Promise<void>;
  /**
   * The key of the device is good for nothing any more, its certificates neither; its connection ends at once. The box
   * comes back with a new key and a token.
   * @throws AppError NOT_FOUND | STORE_FAILED
   */
  revoke(id: string, actor: AuditActor): Promise<void>;
  /** Like `revoke`, and its id never comes back. @throws AppError NOT_FOUND | DEVICE_STATE | STORE_FAILED */
  decommission(id: string, actor: AuditActor): Promise<void>;
}

/** How boxes become devices of the fleet. */
export interface Enrolment {
  /** @returns the token, shown once and stored as a hash */
  createToken(ttlMinutes: number): Promise<TokenReply>;
  /**
   * With a token, or by the preauthorised list; any other box waits for a person and asks again.
   * @throws AppError TOKEN_INVALID | TOKEN_USED | PROOF_INVALID | KEY_REVOKED | DEVICE_REFUSED | STORE_FAILED
   */
  enrol(request: EnrolRequest): Promise<EnrolResponse | EnrolPending>;
}

/** New certificates for enrolled boxes. */
export interface Renewal {
  makeNonce(deviceId: string): NonceReply;
  /**
   * For an accepted device whose key is not revoked; whether its certificate has expired does not matter.
   * @throws AppError NONCE_INVALID | DEVICE_REFUSED | KEY_REVOKED | PROOF_INVALID | STORE_FAILED
   */
  renew(request: RenewalRequest): Promise<RenewalReply>;
}
