import { findMissingFeatures } from '@watchpost/shared/bundle/cpu-features.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { satisfies } from '@watchpost/shared/bundle/version-range.ts';

/** What a bundle may ask of a box. */
export interface Capabilities {
  readonly agentVersion: string;
  /** As `process.arch` has it: x64, arm64. */
  readonly arch: string;
  readonly memoryBytes: number;
  /** With what lies here of the bundle, and what makes room for it. */
  readonly diskFreeBytes: number;
  /** Undefined where the system does not tell: then the self-test shows. */
  readonly cpuFeatures: ReadonlySet<string> | undefined;
}

export type Fitness =
  | { readonly kind: 'fit' }
  | { readonly kind: 'unfit'; readonly reasons: readonly string[] };

/** Whether a box can run a bundle. Latency and opset show in the self-test. */
export function computeFitness(
  { requires, variants }: Pick<Manifest, 'requires' | 'variants'>,
  box: Capabilities,
): Fitness {
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
    ...findProcessorProblem(variants, box.cpuFeatures),
  ];
  return reasons.length === 0 ? { kind: 'fit' } : { kind: 'unfit', reasons };
}

/** One variant that this processor can run is enough. */
function findProcessorProblem(
  variants: Manifest['variants'],
  present: Capabilities['cpuFeatures'],
): readonly string[] {
  const missing = variants.map(({ cpuFeatures }) => findMissingFeatures(cpuFeatures, present));
  if (missing.some((names) => names.length === 0)) return [];
  return [`every variant needs what this processor lacks: ${[...new Set(missing.flat())].join(', ')}`];
}
