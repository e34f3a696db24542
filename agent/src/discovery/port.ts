import type { AgentErrorCode } from '../kernel/errors.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** One of the streams a camera offers. Every text of a camera is cleaned: it may come from anybody. */
export interface FoundStream {
  readonly name: string;
  /** Without user and password. */
  readonly url: string;
  /** The camera writes a password into its address, in place of which there is `***`. */
  readonly isCensored: boolean;
  readonly codec: 'H264' | 'H265' | 'JPEG' | 'MPEG4' | 'unknown';
  readonly width: number;
  readonly height: number;
  /** The most it sends. */
  readonly framesPerSec?: number;
}

export type FoundCamera = { readonly address: string } & (
  | {
      readonly kind: 'described';
      readonly maker: string;
      readonly model: string;
      readonly streams: readonly FoundStream[];
    }
  /** It is there, and that is all it tells; `detail` begins with its address. */
  | { readonly kind: 'failed'; readonly code: AgentErrorCode; readonly detail: string }
);

export interface Search {
  /** `host` or `host:port`; these are asked and nobody is looked for. */
  readonly hosts: readonly string[];
  /** Name of the network interface that is searched. Default: that of the default route. */
  readonly networkInterface?: string;
  /** How long answers are waited for, and how long each camera may take for one. */
  readonly timeoutMs: number;
  readonly login?: Login;
}

/**
 * The cameras that answer, by address. What one of them does wrong is its own failure.
 * @throws AppError DISCOVERY_FAILED when the network cannot be searched
 */
export type FindCameras = (search: Search) => Promise<readonly FoundCamera[]>;
