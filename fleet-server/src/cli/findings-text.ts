import type {
  DeploymentFindings,
  GateFinding,
  ProbationFindings,
  SelfTestFindings,
  ShadowFindings,
  VariantTrial,
} from '@watchpost/shared/messages/deployment-findings.ts';
import { GATE_UNITS, type GateUnit } from '@watchpost/shared/messages/gate-units.ts';
import { formatTable, wrapText } from './table.ts';

type Latency = NonNullable<VariantTrial['inferMs']>;

/** What a step of a deployment found: one line that sums it up, and lines with the numbers, of at most `width`. */
export interface FindingsText {
  readonly summary: string;
  readonly lines: readonly string[];
}

export function formatFindings(findings: DeploymentFindings, width: number): FindingsText {
  switch (findings.kind) {
    case 'self_test':
      return { summary: sumUpSelfTest(findings), lines: formatTrials(findings, width) };
    case 'shadow':
      return { summary: sumUpShadow(findings), lines: formatShadow(findings) };
    case 'switch': {
      const { framesDropped, tookMs } = findings;
      return { summary: `switch: ${count(framesDropped, 'frame')} dropped, took ${ms(tookMs)}`, lines: [] };
    }
    case 'probation':
      return { summary: sumUpProbation(findings), lines: formatGates(findings) };
    case 'rollback': {
      const now = findings.digest === undefined ? 'no model' : `bundle ${findings.digest.slice(0, 12)}`;
      return { summary: `took ${ms(findings.tookMs)}, ${now} runs`, lines: [] };
    }
  }
}

function sumUpSelfTest({ chosen, trials }: SelfTestFindings): string {
  const passed = trials.filter(({ outcome }) => outcome === 'passed').length;
  const choice = chosen === undefined ? 'nothing chosen' : `${nameOf(chosen)} chosen`;
  return `self-test: ${choice}, ${passed} of ${trials.length} passed`;
}

type TrialName = Pick<VariantTrial, 'variant' | 'threads' | 'provider'>;
const nameOf = ({ variant, threads, provider }: TrialName): string =>
  `${variant} with ${count(threads, 'thread')}${provider === undefined ? '' : ` on ${provider}`}`;

function formatTrials(
  { trials, chosen, unavailable = [] }: SelfTestFindings,
  width: number,
): readonly string[] {
  const isChosen = (trial: TrialName): boolean => chosen !== undefined && nameOf(trial) === nameOf(chosen);
  const rows = trials.map((trial) => [
    cut(trial.provider === undefined ? trial.variant : `${trial.variant} on ${trial.provider}`, 32),
    String(trial.threads),
    trial.inferMs === undefined ? '-' : ms(trial.inferMs.p50),
    trial.inferMs === undefined ? '-' : ms(trial.inferMs.p95),
    trial.rssBytes === undefined ? '-' : megabytes(trial.rssBytes),
    isChosen(trial) ? 'chosen' : trial.outcome,
  ]);
  const header = ['VARIANT', 'THREADS', 'P50', 'P95', 'MEMORY', 'RESULT'];
  const problems = trials.filter(({ code, detail }) => code !== undefined || detail !== undefined);
  return [
    ...toLines(header, rows),
    ...problems.flatMap((trial) =>
      wrapText(`${nameOf(trial)}: ${join(': ', trial.code, trial.detail)}`, width),
    ),
    ...unavailable.flatMap(({ provider, detail }) => wrapText(`not on ${provider}: ${detail}`, width)),
  ];
}

function sumUpShadow({ frames, windowSec, agreement01 }: ShadowFindings): string {
  const agreement = agreement01 === undefined ? '' : `, same label on ${percent(agreement01)}`;
  return `shadow: ${count(frames, 'frame')} in ${seconds(windowSec)}${agreement}`;
}

function formatShadow(findings: ShadowFindings): readonly string[] {
  const { championMs, challengerMs, confidenceShift, errors, busy01, disagreements } = findings;
  const latencies = [
    ['champion', championMs],
    ['challenger', challengerMs],
  ] as const;
  const shift = confidenceShift === undefined ? '' : `, confidence ${signed(confidenceShift)}`;
  const rows = disagreements.map(({ champion, challenger, frames }) => [
    cut(champion, 32),
    cut(challenger, 32),
    String(frames),
  ]);
  return [
    ...latencies.flatMap(([who, latency]) =>
      latency === undefined ? [] : [`${who.padEnd(10)}  ${formatLatency(latency)}`],
    ),
    `challenger failed on ${count(errors, 'frame')}, ran ${percent(busy01)} of the time${shift}`,
    ...(rows.length > 0 ? toLines(['CHAMPION', 'CHALLENGER', 'FRAMES'], rows) : []),
  ];
}

const formatLatency = ({ p50, p95 }: Latency): string => `p50 ${ms(p50)}, p95 ${ms(p95)}`;

function sumUpProbation({ windowSec, gates }: ProbationFindings): string {
  const failed = gates.filter(({ verdict }) => verdict === 'failed').map(({ gate }) => words(gate));
  return `probation of ${seconds(windowSec)}: ${failed.length > 0 ? `failed ${failed.join(', ')}` : 'passed'}`;
}

function formatGates({ gates }: ProbationFindings): readonly string[] {
  const rows = gates.map(({ gate, verdict, value, limit }) => [
    words(gate),
    formatGateValue(gate, value),
    formatGateValue(gate, limit),
    words(verdict),
  ]);
  return toLines(['GATE', 'VALUE', 'LIMIT', 'VERDICT'], rows);
}

const GATE_FORMATS: Readonly<Record<GateUnit, (value: number) => string>> = {
  share: percent,
  ms,
  celsius: (value) => `${value.toFixed(1)} °C`,
  times: (value) => `${value.toFixed(2)} x usual`,
  count: String,
};

const formatGateValue = (gate: GateFinding['gate'], value: number | undefined): string =>
  value === undefined ? '-' : GATE_FORMATS[GATE_UNITS[gate]](value);

const toLines = (header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  formatTable(header, rows).split('\n');

const words = (name: string): string => name.replaceAll('_', ' ');
const count = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? '' : 's'}`;
const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;
const join = (by: string, ...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(by);
const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
const seconds = (value: number): string => `${Number(value.toFixed(1))} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

function ms(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function percent(share01: number): string {
  return `${(share01 * 100).toFixed(1)} %`;
}
