import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { ShadowFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { SelfTestResult } from '../../agent/src/inference/port.ts';
import type { InstalledBundle, ModelTrial } from '../../agent/src/update/port.ts';

/** What a model does in its trial; what is not said goes well. */
export interface TrialScript {
  readonly selfTest?: (bundle: InstalledBundle, signal: AbortSignal) => Promise<SelfTestResult | undefined>;
  readonly shadow?: (
    bundle: InstalledBundle,
    signal: AbortSignal,
  ) => Promise<Partial<ShadowFindings> | undefined>;
  /** A rejection leaves what runs. */
  readonly switchTo?: (bundle: InstalledBundle, signal?: AbortSignal) => Promise<void>;
  /** It classifies already; the switch is not over before this is. */
  readonly switched?: (bundle: InstalledBundle, signal?: AbortSignal) => Promise<void>;
}

/** A trial without inference: the champion is a digest. */
export interface FakeTrial extends ModelTrial {
  running(): string | undefined;
  /** What was done, in order: `selfTest 2.0.0`. */
  readonly steps: readonly string[];
  /** From now on. */
  script(script: TrialScript): void;
  /** The processes of the agent before are gone. */
  reboot(): void;
}

const CHOICE = { variant: 'fp32', threads: 2 };

export function createFakeTrial(): FakeTrial {
  const steps: string[] = [];
  let running: string | undefined;
  let script: TrialScript = {};
  let inTurn = createTurns();
  const begin = (step: string, { manifest }: InstalledBundle): void => {
    steps.push(`${step} ${manifest.version}`);
  };
  return {
    running: () => running,
    steps,
    script: (next) => {
      script = next;
    },
    reboot: () => {
      running = undefined;
      inTurn = createTurns();
    },
    selfTest: async (bundle, signal) => {
      begin('selfTest', bundle);
      const passed: SelfTestResult = {
        kind: 'passed',
        choice: CHOICE,
        findings: { kind: 'self_test', trials: [{ ...CHOICE, outcome: 'passed' }], chosen: CHOICE },
      };
      return (await script.selfTest?.(bundle, signal)) ?? passed;
    },
    shadow: async (bundle, _choice, signal) => {
      begin('shadow', bundle);
      const frames = running === undefined ? {} : { frames: 20, agreement01: 1 };
      const seen = {
        kind: 'shadow',
        frames: 0,
        windowSec: 1,
        disagreements: [],
        errors: 0,
        busy01: 0.2,
      } as const;
      return { ...seen, disagreements: [], ...frames, ...(await script.shadow?.(bundle, signal)) };
    },
    switchTo: (bundle, _choice, signal) =>
      inTurn(async () => {
        begin('switchTo', bundle);
        await script.switchTo?.(bundle, signal);
        signal?.throwIfAborted();
        running = bundle.digest;
        await script.switched?.(bundle, signal);
        return { kind: 'switch', framesDropped: 0, tookMs: 1 };
      }),
    settle: () => inTurn(async () => void steps.push('settle')),
    standDown: () =>
      inTurn(async () => {
        steps.push('standDown');
        running = undefined;
      }),
  };
}
