import type { GateSetting } from '@watchpost/shared/rollout/policy.ts';
import { readLimit } from './comparing-gates.ts';
import { asPercent } from './gate-words.ts';
import type { ExecutedDevice, GateEvidence, GateJudgement, RolloutGate } from './port.ts';
import { judgeOpen } from './time-out.ts';

export type Counting = 'installed' | 'probation';
type Told = 'good' | 'bad' | undefined;

const TOLD: Readonly<
  Record<
    Counting,
    { readonly tell: (device: ExecutedDevice, digest: string) => Told; readonly words: string }
  >
> = {
  installed: { tell: tellInstalled, words: 'took the bundle and still run it' },
  probation: { tell: tellProbation, words: 'failed at nothing in their probation' },
};

/** Shares of the executed devices, as they are: nothing is estimated. */
export function createCountingGate(setting: GateSetting, name: Counting): RolloutGate {
  const { tell, words } = TOLD[name];
  return {
    name,
    judge: (evidence) => {
      const told = evidence.executed.map((device) => tell(device, evidence.bundleDigest));
      return judgeShare(setting, evidence, { told, words });
    },
  };
}

/** Decided as soon as those that have not told cannot change it. */
function judgeShare(
  setting: GateSetting,
  evidence: GateEvidence,
  { told, words }: { readonly told: readonly Told[]; readonly words: string },
): GateJudgement {
  const gate = setting.gate;
  const limit = readLimit(setting);
  const total = told.length;
  const good = told.filter((it) => it === 'good').length;
  const bad = told.filter((it) => it === 'bad').length;
  const why = `${good} of ${total} devices ${words}, ${bad} do not; limit ${asPercent(limit)}`;
  if (total > 0 && total - bad < limit * total) return { gate, verdict: 'fail', why };
  if (total > 0 && good >= limit * total) return { gate, verdict: 'pass', why };
  return judgeOpen(setting, evidence, why);
}

/** What it says in its newest window is later than what it said of its deployment. */
function tellInstalled({ state, windows, orderedAtMs }: ExecutedDevice, digest: string): Told {
  if (state !== 'success' && state !== 'already_installed') return 'bad';
  const since = windows.filter(({ endedAtMs }) => endedAtMs > orderedAtMs);
  const ranIt = since.findIndex((window) => window.digest === digest);
  const hasLeft = ranIt >= 0 && since.at(-1)?.digest !== digest;
  return hasLeft ? 'bad' : 'good';
}

function tellProbation({ findings, state }: ExecutedDevice): Told {
  if (state === 'already_installed') return 'good';
  const probation = findings.findLast(({ kind }) => kind === 'probation');
  if (probation?.kind !== 'probation') return undefined;
  return probation.gates.some(({ verdict }) => verdict === 'failed') ? 'bad' : 'good';
}
