import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type {
  Envelope,
  RootSigned,
  SnapshotSigned,
  TargetSigned,
  TargetsSigned,
  TimestampSigned,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners, findTufProblems } from '@watchpost/shared/trust/tuf-policy.ts';
import type { TrustMark } from './port.ts';

/** What the TUF client ended up with, every signature and hash of it checked. */
export interface TrustedSet {
  /** From the one the check began with to the newest. */
  readonly roots: readonly { readonly root: Envelope<RootSigned>; readonly sha256: string }[];
  readonly timestamp: Envelope<TimestampSigned>;
  readonly snapshot: Envelope<SnapshotSigned>;
  readonly targets: Envelope<TargetsSigned>;
  /** The delegated role the target belongs to, where it was needed. */
  readonly delegated?: { readonly role: 'models' | 'agent'; readonly document: Envelope<TargetsSigned> };
}

export type TrustCode =
  | 'TRUST_INVALID'
  | 'TRUST_ROLLBACK'
  | 'TRUST_EXPIRED'
  | 'TARGET_UNKNOWN'
  | 'TARGET_MISMATCH';
export interface Refusal {
  readonly code: TrustCode;
  readonly why: string;
}
export type Marks = ReadonlyMap<string, TrustMark>;

/** Our rules over those of TUF. @returns nothing when the set may be trusted */
export function judgeTrustedSet(set: TrustedSet, marks: Marks, nowMs: number): Refusal | undefined {
  return findBroken(set) ?? findFork(set, marks) ?? findRollback(set, marks) ?? findExpired(set, nowMs);
}

function findBroken({ roots, targets, delegated }: TrustedSet): Refusal | undefined {
  const [problem] = [
    ...roots.flatMap(({ root }) => findTufProblems('root', root.signed)),
    ...findTufProblems('targets', targets.signed),
    ...(delegated === undefined ? [] : findTufProblems(delegated.role, delegated.document.signed)),
  ];
  return problem === undefined ? undefined : { code: 'TRUST_INVALID', why: problem };
}

/** A second root of a version this box knows was made with stolen keys. */
function findFork({ roots }: TrustedSet, marks: Marks): Refusal | undefined {
  const known = marks.get('root');
  const same = roots.find(({ root }) => root.signed.version === known?.version);
  if (known === undefined || same === undefined || same.sha256 === known.identity) return undefined;
  return { code: 'TRUST_INVALID', why: `root ${known.version} is another one than this box knows` };
}

/** A mark holds for the keys it was made with: when a root replaces them, versions may begin anew. */
function findRollback(set: TrustedSet, marks: Marks): Refusal | undefined {
  for (const { role, version, identity } of listMarks(set)) {
    const mark = marks.get(role);
    const isSameLine = role === 'root' || mark?.identity === identity;
    if (mark === undefined || !isSameLine || version >= mark.version) continue;
    return {
      code: 'TRUST_ROLLBACK',
      why: `${role} has version ${version}, this box has seen ${mark.version}`,
    };
  }
  return undefined;
}

function findExpired(set: TrustedSet, nowMs: number): Refusal | undefined {
  const expired = documentsOf(set).find(([, { signed }]) => Date.parse(signed.expires) <= nowMs);
  if (expired === undefined) return undefined;
  const [role, { signed }] = expired;
  return { code: 'TRUST_EXPIRED', why: `${role} ${signed.version} expired at ${signed.expires}` };
}

function newestRoot({ roots }: TrustedSet): Envelope<RootSigned> {
  const last = roots.at(-1);
  if (last === undefined) throw new Error('a trusted set begins with a root');
  return last.root;
}

function documentsOf(set: TrustedSet) {
  const { timestamp, snapshot, targets, delegated } = set;
  return [
    ['root', newestRoot(set)] as const,
    ['timestamp', timestamp] as const,
    ['snapshot', snapshot] as const,
    ['targets', targets] as const,
    ...(delegated === undefined ? [] : [[delegated.role, delegated.document] as const]),
  ];
}

/** What this box remembers once it trusts the set. */
export function listMarks(set: TrustedSet): readonly TrustMark[] {
  const root = newestRoot(set);
  const { targets } = set;
  return documentsOf(set).map(([role, { signed }]) => {
    const { version } = signed;
    if (role === 'root') return { role, version, identity: set.roots.at(-1)?.sha256 ?? '' };
    const signers = findSigners(role, role === 'models' || role === 'agent' ? targets : root);
    const keys = signers?.keys.map(([, { keyval }]) => keyval.public).sort() ?? [];
    return { role, version, identity: sha256Hex(`${signers?.threshold ?? 0} of ${keys.join()}`) };
  });
}

/** "Install only if order, TUF target, hardware and release counter all agree." */
export function judgeTarget(order: Order, target: TargetSigned | undefined): Refusal | undefined {
  if (target === undefined) {
    return { code: 'TARGET_UNKNOWN', why: `${order.target} is not among the released bundles` };
  }
  const { length, hashes, custom } = target;
  const wrong = [
    ...(hashes.sha256 === order.sha256 ? [] : [`digest ${hashes.sha256}, not ${order.sha256}`]),
    ...(length === order.length ? [] : [`${length} bytes, not ${order.length}`]),
    ...(custom?.releaseCounter === order.releaseCounter
      ? []
      : [`release counter ${custom?.releaseCounter}, not ${order.releaseCounter}`]),
  ];
  if (wrong.length === 0) return undefined;
  return { code: 'TARGET_MISMATCH', why: `${order.target} was signed with ${wrong.join(', ')}` };
}

/** What can be said of a document nobody verified. */
export interface Sighting {
  readonly role: string;
  readonly version: number;
  /** Unknown for what is only named in another document. */
  readonly expires?: string;
}

/** Why the TUF client may have refused: it says so in prose only. Nothing is trusted because of this. */
export function explainRefusal(seen: readonly Sighting[], marks: Marks, nowMs: number): TrustCode {
  if (seen.some(({ role, version }) => version < (marks.get(role)?.version ?? 0))) return 'TRUST_ROLLBACK';
  if (seen.some(({ expires }) => expires !== undefined && Date.parse(expires) <= nowMs))
    return 'TRUST_EXPIRED';
  return 'TRUST_INVALID';
}
