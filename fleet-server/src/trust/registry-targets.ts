import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { mayDeploy } from '@watchpost/shared/lifecycle/model-version.ts';
import { formatTarget } from '@watchpost/shared/trust/order.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleStore } from '../store/port.ts';
import type { TargetFacts } from './port.ts';

/** Bundles of the registry as `models` names them: released ones. The finder throws AppError VERSION_STATE for others. */
export function createTargetFinder(
  bundles: Pick<BundleStore, 'find'>,
): (digest: string) => Promise<TargetFacts | undefined> {
  return async (digest) => {
    const found = await bundles.find(digest);
    if (found === undefined) return undefined;
    const { model, version, releaseCounter } = found.manifest;
    if (!mayDeploy(found.state)) {
      throw serverError(
        'VERSION_STATE',
        `${model}@${version} is ${found.state}, and only what is released is signed`,
      );
    }
    return {
      target: formatTarget(model, version),
      sha256: digest,
      lengthBytes: Buffer.byteLength(canonicalJson(found.manifest)),
      releaseCounter,
    };
  };
}
