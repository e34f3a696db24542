import { DIRECTOR_TARGET } from '@watchpost/shared/trust/director-target.ts';
import type { Envelope, OfflineRole, OfflineSigned } from '@watchpost/shared/trust/tuf-metadata.ts';
import { findTufProblems } from '@watchpost/shared/trust/tuf-policy.ts';
import { findLostDirector } from './director-target.ts';

/** @returns why a document may not be staged; nothing when it may */
export function findProposalProblems(
  role: OfflineRole,
  signed: OfflineSigned,
  now: {
    readonly published: Envelope<OfflineSigned> | undefined;
    readonly nowMs: number;
    readonly holdsKey: (keyId: string) => boolean;
  },
): readonly string[] {
  const wanted = (now.published?.signed.version ?? 0) + 1;
  return [
    ...findTufProblems(role, signed),
    ...(signed.version === wanted ? [] : [`version ${signed.version} is not the next one, ${wanted}`]),
    ...(Date.parse(signed.expires) > now.nowMs ? [] : [`it expired at ${signed.expires}`]),
    ...findForeignOnlineKeys(signed, now.holdsKey),
    ...findReplacedTargets(signed, now.published?.signed),
    ...findLostDirector(signed, now.published?.signed),
    ...findUncounted(role, signed),
  ];
}

/** A root whose online keys the server does not hold would stop every update at once. */
function findForeignOnlineKeys(signed: OfflineSigned, holdsKey: (id: string) => boolean): readonly string[] {
  if (signed._type !== 'root') return [];
  return (['snapshot', 'timestamp'] as const).flatMap((name) => {
    const { keyids, threshold } = signed.roles[name];
    const held = keyids.filter(holdsKey).length;
    return held >= threshold ? [] : [`this server holds ${held} of the ${threshold} keys ${name} needs`];
  });
}

/** A version never changes its content; the list of the director's keys does. */
function findReplacedTargets(signed: OfflineSigned, before: OfflineSigned | undefined): readonly string[] {
  if (signed._type !== 'targets' || before?._type !== 'targets') return [];
  return Object.entries(signed.targets)
    .filter(([path]) => path !== DIRECTOR_TARGET)
    .filter(([path, { hashes }]) => (before.targets[path]?.hashes.sha256 ?? hashes.sha256) !== hashes.sha256)
    .map(([path]) => `${path} is published with other content`);
}

function findUncounted(role: OfflineRole, signed: OfflineSigned): readonly string[] {
  if (role !== 'models' || signed._type !== 'targets') return [];
  return Object.entries(signed.targets)
    .filter(([, { custom }]) => custom?.releaseCounter === undefined)
    .map(([path]) => `${path} has no release counter`);
}
