import type {
  RoleView,
  SignatureUpload,
  StagedView,
  StagingReply,
  TargetRequest,
  TrustView,
} from '@watchpost/shared/api/trust.ts';
import type {
  Envelope,
  OfflineRole,
  OfflineSigned,
  OnlineRole,
  TargetsSigned,
  TufKey,
  TufSigned,
} from '@watchpost/shared/trust/tuf-metadata.ts';

export type { RoleView, SignatureUpload, StagedView, StagingReply, TargetRequest, TrustView };

/** A document for a role, as somebody hands it in. */
export interface Proposal {
  readonly role: OfflineRole;
  readonly metadata: Envelope<OfflineSigned>;
}

/** A bundle as the `models` role names it. */
export interface TargetFacts {
  readonly target: string;
  readonly sha256: string;
  readonly lengthBytes: number;
  readonly releaseCounter: number;
}

/**
 * The TUF repository: what boxes may fetch, and what waits for signatures. It holds no key of root, targets or a
 * delegated role; a document is published when enough people have signed it.
 */
export interface TrustRepository {
  /** A published document by the name it is served under. */
  readFile(name: string): Promise<string | undefined>;
  view(): Promise<TrustView>;
  /**
   * Takes documents to be signed, and publishes those that are complete.
   * @throws AppError TRUST_REFUSED for what boxes must never see
   */
  stage(proposals: readonly Proposal[]): Promise<StagingReply>;
  /** @throws AppError TRUST_REFUSED for a signature by a foreign key, or of other content */
  addSignature(upload: SignatureUpload): Promise<StagingReply>;
  /** What `models` lets boxes install, by target; undefined before the first is published. */
  listTargets(): Promise<TargetsSigned['targets'] | undefined>;
  /** Stages the next `models`. @throws AppError TRUST_REFUSED | NOT_FOUND */
  changeTarget(change: TargetRequest): Promise<StagingReply>;
  /**
   * Stages the next `targets`, listing whose orders boxes take.
   * @param keys SPKI in PEM, the newest first
   * @throws AppError TRUST_REFUSED
   */
  announceDirector(keys: readonly string[]): Promise<StagingReply>;
  /** The published list; undefined while there is none. */
  directorKeys(): Promise<readonly string[] | undefined>;
  /** The server's own key for an online role; `fresh` makes a new one, which the next root may name. */
  onlineKey(role: OnlineRole, fresh: boolean): Promise<NamedKey>;
  /** Signs timestamp, and snapshot when it is due, again. Nothing happens before a root is published. */
  refresh(): Promise<void>;
}

export interface NamedKey {
  readonly keyId: string;
  readonly key: TufKey;
}

/** Keys the server signs with. */
export interface OnlineKeys {
  /** The newest of the role, made when there is none. */
  newest(role: OnlineRole): Promise<NamedKey>;
  make(role: OnlineRole): Promise<NamedKey>;
  has(keyId: string): boolean;
  /** @returns the document with a signature by each of `keyIds` it holds */
  sign<Signed extends TufSigned>(signed: Signed, keyIds: readonly string[]): Envelope<Signed>;
}
