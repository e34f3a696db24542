import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { satisfies } from '@watchpost/shared/bundle/version-range.ts';
import type { AdmissionVerdict, TargetDevice, UnfitCode } from './port.ts';

/** What the server knows of a device; the rest it does not know. */
export type KnownDevice = Pick<
  TargetDevice,
  'board' | 'arch' | 'memoryBytes' | 'agentVersion' | 'diskFreeBytes'
> & {
  /** What lies of the bundle on the disk of the device: no hindrance to it. */
  readonly presentBytes?: number;
};

/** What a bundle asks for, and how fast it was where it was measured. */
export interface Demands {
  readonly requires: Manifest['requires'];
  /** Latency (p95) by the name of the board. */
  readonly latencyMsByBoard: ReadonlyMap<string, number>;
}

/** One demand: `isMet` is undefined where the server does not know. */
interface Finding {
  readonly code: UnfitCode;
  readonly isMet: boolean | undefined;
  readonly detail: string;
}

const MB = 1_000_000;

/**
 * Whether a device can take a bundle. What is not known is left to the device, which judges itself by the same rules
 * when the order comes; CPU features and the opset show in its self-test.
 */
export function judgeAdmission(demands: Demands, device: KnownDevice): AdmissionVerdict {
  const findings = [...judgeSoftware(demands, device), ...judgeCapacity(demands, device)];
  const unmet = findings.filter(({ isMet }) => isMet === false);
  const [first] = unmet;
  if (first !== undefined)
    return { kind: 'unfit', code: first.code, detail: unmet.map(({ detail }) => detail).join('; ') };
  const open = findings.filter(({ isMet }) => isMet === undefined);
  return open.length === 0
    ? { kind: 'fit' }
    : { kind: 'unknown', detail: open.map(({ detail }) => detail).join('; ') };
}

function judgeSoftware({ requires }: Demands, { agentVersion, arch }: KnownDevice): readonly Finding[] {
  const { agent, arch: archs } = requires;
  return [
    ...(agent === undefined
      ? []
      : [
          {
            code: 'UNFIT_AGENT' as const,
            isMet: agentVersion === undefined ? undefined : satisfies(agentVersion, agent),
            detail: `needs agent ${agent}, ${has(agentVersion)}`,
          },
        ]),
    ...(archs === undefined
      ? []
      : [
          {
            code: 'UNFIT_ARCH' as const,
            isMet: arch === undefined ? undefined : archs.includes(arch),
            detail: `needs ${archs.join(' or ')}, ${has(arch)}`,
          },
        ]),
  ];
}

function judgeCapacity(
  { requires, latencyMsByBoard }: Demands,
  { board, memoryBytes, diskFreeBytes, presentBytes = 0 }: KnownDevice,
): readonly Finding[] {
  const { ramBytes, diskBytes, latencyMs } = requires;
  const diskBytesThere = diskFreeBytes === undefined ? undefined : diskFreeBytes + presentBytes;
  const measuredMs = board === undefined ? undefined : latencyMsByBoard.get(board);
  return [
    ...judgeBytes('UNFIT_MEMORY', { what: 'memory', needed: ramBytes, there: memoryBytes }),
    ...judgeBytes('UNFIT_DISK', { what: 'free disk', needed: diskBytes, there: diskBytesThere }),
    // A board nobody measured is no reason to wait: the self-test of the box measures it.
    ...(latencyMs === undefined || measuredMs === undefined
      ? []
      : [
          {
            code: 'UNFIT_LATENCY' as const,
            isMet: measuredMs <= latencyMs,
            detail: `needs ${latencyMs} ms a frame, board ${board} takes ${measuredMs.toFixed(0)} ms`,
          },
        ]),
  ];
}

function judgeBytes(
  code: UnfitCode,
  { what, needed, there }: { what: string; needed: number | undefined; there: number | undefined },
): readonly Finding[] {
  if (needed === undefined) return [];
  const isMet = there === undefined ? undefined : needed <= there;
  const found = has(there === undefined ? undefined : `${Math.floor(there / MB)} MB`);
  return [{ code, isMet, detail: `needs ${Math.ceil(needed / MB)} MB of ${what}, ${found}` }];
}

const has = (what: string | undefined): string =>
  what === undefined ? 'the device did not say yet' : `the device has ${what}`;
