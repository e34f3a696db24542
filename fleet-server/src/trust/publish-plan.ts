import {
  type Envelope,
  isDelegatedRole,
  OFFLINE_ROLES,
  type OfflineRole,
  type OfflineSigned,
} from '@watchpost/shared/trust/tuf-metadata.ts';
import { findSigners } from '@watchpost/shared/trust/tuf-policy.ts';

export type Documents = Readonly<Partial<Record<OfflineRole, Envelope<OfflineSigned>>>>;

export interface Shelf {
  readonly published: Documents;
  readonly staged: Documents;
}

/** How many keys that `delegator` gives to `role` have signed the document. */
export type CountSigners = (
  role: OfflineRole,
  delegator: Envelope<OfflineSigned>,
  document: Envelope<OfflineSigned>,
) => number;

export interface Tally {
  readonly by: 'own' | 'previous';
  readonly have: number;
  readonly need: number;
}

/**
 * The staged documents to publish now: the most that leave boxes a repository in which every document is signed by the
 * keys that its delegator names then. A change of keys thus waits for what the new keys must sign.
 */
export function planPublish(shelf: Shelf, count: CountSigners): readonly OfflineRole[] {
  const waiting = OFFLINE_ROLES.filter((role) => shelf.staged[role] !== undefined);
  const choices = subsetsOf(waiting).sort((one, other) => other.length - one.length);
  return choices.find((roles) => isSound(shelf, roles, count)) ?? [];
}

function subsetsOf(roles: readonly OfflineRole[]): (readonly OfflineRole[])[] {
  const [first, ...rest] = roles;
  if (first === undefined) return [];
  const others = subsetsOf(rest);
  return [[first], ...others.map((each) => [first, ...each]), ...others];
}

function isSound({ published, staged }: Shelf, chosen: readonly OfflineRole[], count: CountSigners): boolean {
  const next: Documents = {
    ...published,
    ...Object.fromEntries(chosen.map((role) => [role, staged[role]])),
  };
  const { root, targets } = next;
  if (root === undefined || targets === undefined) return false;
  const isRootMet =
    !chosen.includes('root') ||
    (isMet('root', root, root, count) &&
      (published.root === undefined || isMet('root', published.root, root, count)));
  const delegated = targets.signed._type === 'targets' ? (targets.signed.delegations?.roles ?? []) : [];
  return (
    isRootMet &&
    isMet('targets', root, targets, count) &&
    delegated.every(({ name }) => {
      const document = isDelegatedRole(name) ? next[name] : undefined;
      return isDelegatedRole(name) && document !== undefined && isMet(name, targets, document, count);
    })
  );
}

function isMet(
  role: OfflineRole,
  delegator: Envelope<OfflineSigned>,
  document: Envelope<OfflineSigned>,
  count: CountSigners,
): boolean {
  const need = findSigners(role, delegator)?.threshold;
  return need !== undefined && count(role, delegator, document) >= need;
}

/** How far the collection of signatures of a staged document is. */
export function tallySignatures(role: OfflineRole, shelf: Shelf, count: CountSigners): readonly Tally[] {
  const document = shelf.staged[role];
  if (document === undefined) return [];
  return delegatorsOf(role, shelf).flatMap(({ by, delegator }) => {
    const need = findSigners(role, delegator)?.threshold;
    return need === undefined ? [] : [{ by, have: count(role, delegator, document), need }];
  });
}

/** Whose keys a staged document must be signed with; a delegator that is staged itself comes before the published. */
export function delegatorsOf(
  role: OfflineRole,
  { published, staged }: Shelf,
): readonly { readonly by: Tally['by']; readonly delegator: Envelope<OfflineSigned> }[] {
  if (role === 'root') {
    return [
      ...(staged.root === undefined ? [] : [{ by: 'own' as const, delegator: staged.root }]),
      ...(published.root === undefined ? [] : [{ by: 'previous' as const, delegator: published.root }]),
    ];
  }
  const parent = role === 'targets' ? 'root' : 'targets';
  const delegator = staged[parent] ?? published[parent];
  return delegator === undefined ? [] : [{ by: 'own', delegator }];
}
