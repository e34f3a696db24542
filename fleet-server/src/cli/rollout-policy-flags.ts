import { ROLLOUT_GATE_NAMES } from '@watchpost/shared/rollout/gates.ts';
import type { FailureType, GateSetting, RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import { ORDER_TYPES } from '@watchpost/shared/trust/order.ts';
import { serverError } from '../kernel/errors.ts';
import type { OptionSpec, OptionValues } from './command.ts';
import { parseMinutes, parseSeconds } from './rollout-durations.ts';

/** Options for each key of a policy; what is left out has the default that `fleetctl rollout plan` shows. */
export const POLICY_OPTIONS = {
  success: {
    value: 'SHARE',
    description: 'of executed devices that must succeed before a group soaks: 0.9 or 90%',
  },
  error: { value: 'SHARE', description: 'of executed devices that may fail: 0.1 or 10%' },
  'min-executed': { value: 'N', description: 'executed devices before a threshold is looked at' },
  'failure-types': {
    value: 'LIST',
    description: 'ends that count as failures: failure,rolled_back,timed_out',
  },
  soak: { value: 'DURATION', description: 'bake time of a group after its threshold: 10m' },
  rate: { value: 'BASE:FACTOR:MAX', description: 'orders a minute: at first, growth, at most; 10:2:100' },
  'max-downloads': { value: 'N', description: 'devices that download at the same time' },
  budget: { value: 'KEY:N', description: 'devices in work at once for each site or attrs.NAME: site:1' },
  timeout: { value: 'DURATION', description: 'after this who never came is timed out: 14d' },
  'step-timeout': { value: 'DURATION', description: 'silence after which a device in work is timed out: 2h' },
  retries: { value: 'N', description: 'times a device that failed is tried again' },
  window: {
    value: "'CRON+DURATION[@ZONE]'",
    description: "when devices may be disturbed: '0 2 * * *+120m', in the time of their site",
  },
  'on-error': { value: 'WHAT', description: 'pause, stop or rollback' },
  type: {
    value: 'TYPE',
    description:
      'forced: installed at once; soft: when no camera sees anything; download_only: kept on the disk, not run',
  },
  'soft-hours': {
    value: 'N',
    description:
      'with --type soft: hours after its order a device installs, quiet or not; 24 unless given. A window that closes ends the wait too',
  },
  selection: { value: 'WHO', description: 'snapshot, or continuous: late joiners too' },
  gate: {
    value: 'NAME[:LIMIT][,KEY=VALUE]',
    description:
      'what must hold after the soak (`fleetctl rollout gates`); keys: passWhen, wait=30m, onTimeout. May be given again',
    multiple: true,
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

type PolicyOption = keyof typeof POLICY_OPTIONS;
type PolicyPart = Partial<RolloutPolicy>;

const READERS: Readonly<Record<Exclude<PolicyOption, 'gate'>, (text: string) => PolicyPart>> = {
  success: (text) => ({ successThreshold: readShare(text, 'success') }),
  error: (text) => ({ errorThreshold: readShare(text, 'error') }),
  'min-executed': (text) => ({ minExecuted: readCount(text, 'min-executed') }),
  'failure-types': (text) => ({ failureTypes: text.split(',') as FailureType[] }),
  soak: (text) => ({ soakSeconds: parseSeconds(text, '--soak') }),
  rate: (text) => ({ rate: readRate(text) }),
  'max-downloads': (text) => ({ maxParallelDownloads: readCount(text, 'max-downloads') }),
  budget: (text) => ({ disruptionBudget: readBudget(text) }),
  timeout: (text) => ({ timeoutMinutes: parseMinutes(text, '--timeout') }),
  'step-timeout': (text) => ({ stepTimeoutMinutes: parseMinutes(text, '--step-timeout') }),
  retries: (text) => ({ retries: readCount(text, 'retries') }),
  window: (text) => ({ window: readWindow(text) }),
  'on-error': (text) => ({ onError: readChoice(text, 'on-error', ['pause', 'stop', 'rollback']) }),
  type: (text) => ({ type: readChoice(text, 'type', ORDER_TYPES) }),
  'soft-hours': (text) => ({ softHours: readCount(text, 'soft-hours') }),
  selection: (text) => ({ targetSelection: readChoice(text, 'selection', ['snapshot', 'continuous']) }),
};

/** The keys that were given. @throws AppError USAGE naming the option */
export function readPolicy(values: OptionValues): PolicyPart {
  const parts = Object.entries(READERS).map(([option, read]) => {
    const text = values.text(option);
    return text === undefined ? {} : read(text);
  });
  const gates = values.texts('gate').map(readGate);
  return Object.assign({}, ...parts, gates.length > 0 ? { gates } : {});
}

function readShare(text: string, option: string): number {
  const [, digits = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const share = percent === '%' ? Number(digits) / 100 : Number(digits || Number.NaN);
  if (!(share >= 0 && share <= 1))
    throw serverError('USAGE', `--${option} "${text}" is not 0 to 1, or 0% to 100%`);
  return share;
}

function readCount(text: string, option: string): number {
  if (!/^\d{1,7}$/.test(text)) throw serverError('USAGE', `--${option} "${text}" is not a whole number`);
  return Number(text);
}

function readChoice<T extends string>(text: string, option: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw serverError('USAGE', `--${option} "${text}" is not one of ${choices.join(', ')}`);
  return found;
}

/** One number is a steady pace. */
function readRate(text: string): RolloutPolicy['rate'] {
  const [, base = '', increment = '1', max = base] =
    /^(\d{1,7})(?::(\d+(?:\.\d+)?):(\d{1,7}))?$/.exec(text) ?? [];
  if (base === '') throw serverError('USAGE', `--rate "${text}" is not BASE:FACTOR:MAX such as 10:2:100`);
  return { base: Number(base), increment: Number(increment), max: Number(max) };
}

function readBudget(text: string): NonNullable<RolloutPolicy['disruptionBudget']> {
  const [, groupBy = '', maxUnavailable] = /^(site|attrs\.[A-Za-z0-9_.-]+):(\d{1,7})$/.exec(text) ?? [];
  if (groupBy === '')
    throw serverError('USAGE', `--budget "${text}" is not KEY:N such as site:1 or attrs.gate:1`);
  return { groupBy, maxUnavailable: Number(maxUnavailable) };
}

function readWindow(text: string): NonNullable<RolloutPolicy['window']> {
  const [, cron = '', duration = '', timezone = 'site'] = /^([^+]+)\+([^@]+)(?:@(.+))?$/.exec(text) ?? [];
  if (cron === '')
    throw serverError('USAGE', `--window "${text}" is not CRON+DURATION such as '0 2 * * *+120m'`);
  return { cron: cron.trim(), durationMinutes: parseMinutes(duration, '--window'), timezone };
}

function readGate(text: string): GateSetting {
  const [head = '', ...rest] = text.split(',');
  const [name = '', limit] = head.split(':');
  const gate = readChoice(name, 'gate', ROLLOUT_GATE_NAMES);
  if (limit !== undefined && !(limit !== '' && Number.isFinite(Number(limit))))
    throw serverError('USAGE', `--gate "${text}": the limit "${limit}" is not a number`);
  return Object.assign(
    { gate, ...(limit !== undefined && { limit: Number(limit) }) },
    ...rest.map((part) => readGatePart(part, text)),
  );
}

function readGatePart(part: string, text: string): Partial<GateSetting> {
  const [key, value = ''] = part.split('=');
  switch (key) {
    case 'passWhen':
      return { passWhen: readChoice(value, 'gate passWhen', ['no_harm', 'proof']) };
    case 'wait':
      return { waitMinutes: parseMinutes(value, '--gate wait') };
    case 'onTimeout':
      return { onTimeout: readChoice(value, 'gate onTimeout', ['fail', 'pass']) };
    default:
      throw serverError('USAGE', `--gate "${text}": "${part}" is not passWhen=, wait= or onTimeout=`);
  }
}
