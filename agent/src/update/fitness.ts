import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { satisfies } from '@watchpost/shared/bundle/version-range.ts';

/** What a bundle may ask of a box. */
export interface Capabilities {
  readonly agentVersion: string;
  /** As `process.arch` has it: x64, arm64. */
  readonly arch: string;
  readonly memoryBytes: number;
  readonly diskFreeBytes: number;
}

export type Fitness =
  | { readonly kind: 'fit' }
  | { readonly kind: 'unfit'; readonly reasons: readonly string[] };

/** Whether a box can run a bundle. Latency and opset show in the self-test. */
export function computeFitness({ requires }: Pick<Manifest, 'requires'>, box: Capabilities): Fitness {
  const { agent, arch, ramBytes = 0, diskBytes = 0 } = requires;
  const reasons = [
    ...(agent === undefined || satisfies(box.agentVersion, agent)
      ? []
      : [`needs agent ${agent}, this is ${box.agentVersion}`]),
    ...(arch === undefined || arch.includes(box.arch)
      ? []
      : [`needs ${arch.join(' or ')}, this is ${box.arch}`]),
    ...(ramBytes <= box.memoryBytes
      ? []
      : [`needs ${ramBytes} bytes of memory, this has ${box.memoryBytes}`]),
    ...(diskBytes <= box.diskFreeBytes
      ? []
      : [`needs ${diskBytes} bytes of disk, ${box.diskFreeBytes} are free`]),
  ];
  return reasons.length === 0 ? { kind: 'fit' } : { kind: 'unfit', reasons };
}
