import { agentError } from '../kernel/errors.ts';
import type { BundleTrust } from './port.ts';

/** A box that was given no root of trust installs nothing; what it runs, it goes on running. */
export const ROOTLESS_TRUST: BundleTrust = {
  verify: async ({ target }) => {
    throw agentError(
      'TRUST_ROOT_MISSING',
      `${target} cannot be trusted: trust.rootFile is not set on this box`,
    );
  },
};
