import type { AgentErrorCode } from '../kernel/errors.ts';
import type { ModelSpec, Prediction, ProviderProbe, ProviderSetback } from './port.ts';

/** What the agent asks of its inference process. One request at a time; each has one reply. */
export type ChildRequest =
  | { readonly kind: 'load'; readonly spec: ModelSpec }
  | { readonly kind: 'probe' }
  | { readonly kind: 'classify'; readonly rgb: Uint8Array }
  | { readonly kind: 'release' };

export type ChildReply =
  | {
      readonly kind: 'loaded';
      readonly executionProviders: readonly string[];
      readonly setbacks: readonly ProviderSetback[];
    }
  | { readonly kind: 'probed'; readonly providers: readonly ProviderProbe[] }
  | { readonly kind: 'classified'; readonly prediction: Prediction }
  | { readonly kind: 'released' }
  | { readonly kind: 'failed'; readonly code: AgentErrorCode; readonly what: string; readonly cause: string };
