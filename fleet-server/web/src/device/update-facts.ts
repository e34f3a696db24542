import type { DeploymentFindings, GateFinding } from '@watchpost/shared/messages/deployment-findings.ts';
import { GATE_UNITS, type GateUnit } from '@watchpost/shared/messages/gate-units.ts';
import { formatBytes, formatMs, formatNumber, formatPercent } from '../shell/format.ts';
import type { FindingsOf } from './update-steps.ts';

/** The numbers of a step that a person looks at first. */
export function listFacts(findings: DeploymentFindings): readonly string[] {
  switch (findings.kind) {
    case 'self_test':
      return selfTestFacts(findings);
    case 'shadow':
      return shadowFacts(findings);
    case 'switch':
      return [`${counted(findings.framesDropped, 'frame')} dropped`, `took ${formatMs(findings.tookMs)}`];
    case 'probation':
      return probationFacts(findings);
    case 'rollback':
      return [`took ${formatMs(findings.tookMs)}`];
  }
}

function selfTestFacts({ chosen, trials }: FindingsOf<'self_test'>): readonly string[] {
  if (chosen === undefined) return [`none of ${trials.length} passed`];
  const { variant, threads, provider } = chosen;
  const trial = trials.find(
    (each) => each.variant === variant && each.threads === threads && each.provider === provider,
  );
  return [
    `${variant}, ${counted(threads, 'thread')}${provider === undefined ? '' : ` on ${provider}`}`,
    ...(trial?.inferMs ? [`p95 ${formatMs(trial.inferMs.p95)}`] : []),
    ...(trial?.rssBytes === undefined ? [] : [formatBytes(trial.rssBytes)]),
  ];
}

function shadowFacts(findings: FindingsOf<'shadow'>): readonly string[] {
  const { agreement01, frames, challengerMs, championMs, errors } = findings;
  const before = championMs ? `, was ${formatMs(championMs.p95)}` : '';
  return [
    agreement01 === undefined
      ? 'nothing to compare'
      : `${formatPercent(agreement01)} agreement on ${counted(frames, 'frame')}`,
    ...(challengerMs ? [`p95 ${formatMs(challengerMs.p95)}${before}`] : []),
    ...(errors > 0 ? [`failed on ${counted(errors, 'frame')}`] : []),
  ];
}

function probationFacts({ gates }: FindingsOf<'probation'>): readonly string[] {
  const failed = gates.filter(({ verdict }) => verdict === 'failed');
  if (failed.length > 0) return failed.map((gate) => `${gateName(gate)} ${describeGate(gate)}`);
  const passed = gates.filter(({ verdict }) => verdict === 'passed').length;
  return [`${passed} of ${counted(gates.length, 'gate')} passed`];
}

const describeGate = ({ gate, value, limit }: GateFinding): string =>
  value === undefined
    ? 'failed'
    : `${formatGateValue(gate, value)}${limit === undefined ? '' : `, limit ${formatGateValue(gate, limit)}`}`;

const GATE_NAMES: Readonly<Record<GateFinding['gate'], string>> = {
  inference_errors: 'Inference errors',
  latency: 'Latency',
  pace: 'Pace',
  temperature: 'Temperature',
  event_rate: 'Event rate',
  child_restarts: 'Restarts of inference',
  agent_restarts: 'Restarts of the agent',
};

export const gateName = ({ gate }: Pick<GateFinding, 'gate'>): string => GATE_NAMES[gate];

const GATE_FORMATS: Readonly<Record<GateUnit, (value: number) => string>> = {
  share: (value) => `${formatNumber(value * 100, 1)} %`,
  ms: formatMs,
  celsius: (value) => `${formatNumber(value, 1)} °C`,
  times: (value) => `${formatNumber(value, 2)} × usual`,
  count: (value) => formatNumber(value),
};

export function formatGateValue(gate: GateFinding['gate'], value: number | undefined): string {
  return value === undefined ? '–' : GATE_FORMATS[GATE_UNITS[gate]](value);
}

export const counted = (amount: number, what: string): string =>
  `${formatNumber(amount)} ${what}${amount === 1 ? '' : 's'}`;
