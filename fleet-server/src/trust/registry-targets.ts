import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { formatTarget } from '@watchpost/shared/trust/order.ts';
import type { BundleStore } from '../store/port.ts';
import type { TargetFacts } from './port.ts';

const GONE = ['withdrawn', 'archived'];

/** Bundles of the registry as `models` names them; none that was withdrawn or put away. */
export function createTargetFinder(
  bundles: Pick<BundleStore, 'find'>,
): (digest: string) => Promise<TargetFacts | undefined> {
  return async (digest) => {
    const found = await bundles.find(digest);
    if (found === undefined || GONE.includes(found.state)) return undefined;
    const { model, version, releaseCounter } = found.manifest;
    return {
      target: formatTarget(model, version),
      sha256: digest,
      lengthBytes: Buffer.byteLength(canonicalJson(found.manifest)),
      releaseCounter,
    };
  };
}
