import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';

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

const COMPARATOR = /^(>=|<=|>|<|=)?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$/;

/**
 * A version against a range of comparators that all must hold (`>=0.2.0 <1`). A bare version is the least one.
 * What cannot be read is not satisfied: better no new model than a wrong one.
 */
function satisfies(version: string, range: string): boolean {
  const own = parseVersion(version);
  return range
    .trim()
    .split(/\s+/)
    .every((comparator) => {
      const wanted = parseVersion(comparator);
      const [, operator = '>='] = COMPARATOR.exec(comparator) ?? [];
      if (own === undefined || wanted === undefined) return false;
      const order = compareVersions(own, wanted);
      if (order === 0) return operator.includes('=');
      return order > 0 ? operator.startsWith('>') : operator.startsWith('<');
    });
}

function parseVersion(text: string): readonly number[] | undefined {
  const [, , major, minor = '0', patch = '0'] = COMPARATOR.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  const differences = left.map((part, index) => part - (right[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
