import {
  DIRECTOR_TARGET,
  listDirectorKeys,
  makeDirectorTarget,
} from '@watchpost/shared/trust/director-target.ts';
import type { OfflineSigned, TargetsSigned } from '@watchpost/shared/trust/tuf-metadata.ts';
import { draftNext } from './drafts.ts';

/** The next `targets`, which says whose orders boxes take. */
export function draftDirector(targets: TargetsSigned, keys: readonly string[], nowMs: number): TargetsSigned {
  return {
    ...draftNext('targets', targets, nowMs),
    targets: { ...targets.targets, [DIRECTOR_TARGET]: makeDirectorTarget(keys) },
  };
}

/** Boxes that saw the list once trust no `targets` without it. */
export function findLostDirector(
  signed: OfflineSigned,
  before: OfflineSigned | undefined,
): readonly string[] {
  if (signed._type !== 'targets' || before?._type !== 'targets') return [];
  const isLost = listDirectorKeys(before) !== undefined && listDirectorKeys(signed) === undefined;
  return isLost ? [`${DIRECTOR_TARGET} is published and can only change`] : [];
}
