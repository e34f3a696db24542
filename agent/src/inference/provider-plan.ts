import { type Accelerator, PROVIDERS, type Provider } from '@watchpost/shared/bundle/providers.ts';
import type { ProviderSetback } from './port.ts';

export interface ProviderPlan {
  /** To be tried in this order; the last one is the processor. */
  readonly tries: readonly Provider[];
  readonly setbacks: readonly ProviderSetback[];
}

/** @param offered names of what the runtime was built with; its libraries or the card may still be missing */
export function planProviders(asked: Accelerator, offered: readonly string[]): ProviderPlan {
  const wanted = PROVIDERS.filter((provider) => asked === 'auto' || provider === asked);
  const has = (provider: Provider): boolean => provider === 'cpu' || offered.includes(provider);
  const tries = wanted.filter(has);
  return {
    tries: tries.includes('cpu') ? tries : [...tries, 'cpu'],
    // With `auto`, what a runtime never had is missed by nobody.
    setbacks:
      asked === 'auto' || has(asked) ? [] : [{ provider: asked, why: 'the runtime was built without it' }],
  };
}

/** Names as the runtime takes them: what the best one cannot run falls to the processor. */
export const withFallback = (provider: Provider): readonly Provider[] =>
  provider === 'cpu' ? ['cpu'] : [provider, 'cpu'];
