import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import type { DeviceWindow } from '../store/port.ts';

/** What a gate says of a soaking group. `open`: it cannot tell yet. */
export interface GateVerdict {
  readonly gate: string;
  readonly verdict: 'pass' | 'fail' | 'open';
  /** In words a person can act on. */
  readonly why: string;
}

/** A verdict, with the strength of the evidence of harm behind it where the gate tests for it. */
export interface GateJudgement extends GateVerdict {
  /**
   * E-value against "no more harm than the limit allows": its mean is at most 1 while that is so, whenever one looks.
   * A gate leaves `fail` on its account to `judgeGates`, which weighs all gates together.
   */
  readonly harmE?: number;
}

export interface DeviceEvidence {
  readonly deviceId: string;
  /** Oldest first; means of `bucketMs`. */
  readonly windows: readonly DeviceWindow[];
}

/** A device of the group whose deployment came to an end that counts. */
export interface ExecutedDevice extends DeviceEvidence {
  readonly state: DeploymentState;
  readonly orderedAtMs: number;
  /** What the steps of its deployment found. */
  readonly findings: readonly DeploymentFindings[];
}

/** All a gate knows. What drift states and labels will tell of a device is to be added here, per device. */
export interface GateEvidence {
  readonly nowMs: number;
  readonly bundleDigest: string;
  readonly soakEndsAtMs: number;
  /** Windows are means over so long, aligned to multiples of it. */
  readonly bucketMs: number;
  readonly executed: readonly ExecutedDevice[];
  /** Devices of the same rollout that were not ordered the bundle. */
  readonly control: readonly DeviceEvidence[];
}

/** One gate with its limit. Pure: the same evidence, the same judgement. */
export interface RolloutGate {
  readonly name: string;
  judge(evidence: GateEvidence): GateJudgement;
}

/** What is asked about one soaking group. */
export interface GateQuestion {
  readonly bundleDigest: string;
  readonly gates: readonly GateSetting[];
  readonly soakingSinceMs: number;
  readonly soakSeconds: number;
  /** Of the group: those at an end that counts, successes and failures that nobody excused. */
  readonly executed: readonly {
    readonly deviceId: string;
    readonly deploymentId: string;
    readonly state: DeploymentState;
    readonly orderedAtMs: number;
  }[];
  /** Members of later groups that were not ordered: what happens to them is the world, not the bundle. */
  readonly control: readonly string[];
}

/** Judges groups by what the server has stored. */
export interface GateKeeper {
  /**
   * One verdict for each gate of the question, in its order. Windows come once a minute, so asking more often tells
   * nothing new; asking often does no harm to the tests.
   * @throws AppError STORE_FAILED
   */
  judge(question: GateQuestion, nowMs: number): Promise<readonly GateVerdict[]>;
}
