import type { KeyObject } from 'node:crypto';
import { draftNext, draftRootWith, draftTargetsWith } from '../../../fleet-server/src/trust/drafts.ts';
import { toTufKey } from '../../../fleet-server/src/trust/tuf-signing.ts';
import { type Ceremony, makeKeys } from '../../support/tuf-ceremony.ts';
import { rootOf, targetsOf } from '../../support/tuf-world.ts';

/** Old and new people sign the next root. @returns the new keys */
export async function rotateRoot(ceremony: Ceremony): Promise<readonly KeyObject[]> {
  const fresh = makeKeys(3);
  const signers = { keys: fresh.map(toTufKey), threshold: 2 };
  const root = draftRootWith(await rootOf(ceremony), 'root', signers, ceremony.clock.nowMs);
  await ceremony.propose('root', root, [...fresh, ...ceremony.ring.root]);
  return fresh;
}

/** Takes the key of `models` from whoever had it: what it signed is signed again by the new one. @returns the new key */
export async function revokeModels(ceremony: Ceremony): Promise<readonly KeyObject[]> {
  const { clock, ring } = ceremony;
  const fresh = makeKeys(1);
  const signers = { keys: fresh.map(toTufKey), threshold: 1 };
  const targets = draftTargetsWith(await targetsOf(ceremony), 'models', signers, clock.nowMs);
  await ceremony.propose('targets', targets, ring.targets);
  await ceremony.propose('models', draftNext('models', await ceremony.newest('models'), clock.nowMs), fresh);
  return fresh;
}

/** A root that replaces both online keys: what ends a fast-forward. */
export async function replaceOnlineKeys(ceremony: Ceremony): Promise<void> {
  const { clock, repository, ring } = ceremony;
  const freshOf = async (role: 'snapshot' | 'timestamp') => ({
    keys: [(await repository.onlineKey(role, true)).key],
    threshold: 1,
  });
  const half = draftRootWith(await rootOf(ceremony), 'snapshot', await freshOf('snapshot'), clock.nowMs);
  const root = draftRootWith(half, 'timestamp', await freshOf('timestamp'), clock.nowMs);
  await ceremony.propose('root', { ...root, version: half.version }, ring.root);
}
