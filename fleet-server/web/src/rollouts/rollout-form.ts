import type { RolloutPlanRequest, RolloutRequest } from '@watchpost/shared/api/rollouts.ts';
import { ROLLOUT_GATES, type RolloutGateName } from '@watchpost/shared/rollout/gates.ts';
import { RolloutPolicy, SOFT_HOURS } from '@watchpost/shared/rollout/policy.ts';
import { formatLimit } from './rollout-words.ts';

/** Numbers of the policy that a person types; `scale` is what one of the API is in the unit on the page. */
export const NUMBER_FIELDS = {
  successThreshold: { label: 'Success threshold', unit: '%', scale: 100 },
  errorThreshold: { label: 'Error threshold', unit: '%', scale: 100 },
  minExecuted: { label: 'Executed before judged', unit: '', scale: 1 },
  soakSeconds: { label: 'Soak', unit: 'min', scale: 1 / 60 },
  maxParallelDownloads: { label: 'Downloads at once', unit: '', scale: 1 },
  retries: { label: 'Retries', unit: '', scale: 1 },
} as const;
export type NumberKey = keyof typeof NUMBER_FIELDS;
export const NUMBER_KEYS = Object.keys(NUMBER_FIELDS) as readonly NumberKey[];

/** What stands in the form, as typed. */
export interface RolloutForm {
  readonly version: string;
  readonly name: string;
  readonly filter: string;
  readonly canary: string;
  readonly requiresApproval: boolean;
  readonly numbers: Readonly<Record<NumberKey, string>>;
  readonly onError: RolloutPolicy['onError'];
  readonly type: RolloutPolicy['type'];
  /** Of type soft; empty: as the server has it. */
  readonly softHours: string;
  readonly targetSelection: RolloutPolicy['targetSelection'];
  readonly gates: readonly RolloutGateName[];
  /** Empty: none. */
  readonly budgetPerSite: string;
  readonly windowCron: string;
  readonly windowMinutes: string;
}

interface SchemaFacts {
  readonly description?: string;
  readonly default?: unknown;
}

/** What the schema of the API says of a key. */
export const helpOf = (key: keyof typeof RolloutPolicy.properties): string =>
  (RolloutPolicy.properties[key] as SchemaFacts).description ?? '';

function numberByDefault(key: NumberKey): string {
  const value = Number((RolloutPolicy.properties[key] as SchemaFacts).default ?? 0);
  return String(round(value * NUMBER_FIELDS[key].scale));
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

export const EMPTY_FORM: RolloutForm = {
  version: '',
  name: '',
  filter: '',
  canary: '1, 5, 25, 100',
  requiresApproval: false,
  numbers: Object.fromEntries(NUMBER_KEYS.map((key) => [key, numberByDefault(key)])) as Record<
    NumberKey,
    string
  >,
  onError: 'pause',
  type: 'forced',
  softHours: String(SOFT_HOURS),
  targetSelection: 'snapshot',
  gates: ['installed'],
  budgetPerSite: '',
  windowCron: '',
  windowMinutes: '120',
};

/** Percents that rise, or why they cannot be. */
export function readCanary(text: string): readonly number[] | string {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  const percents = parts.map(Number);
  if (parts.length === 0) return 'Give percents that rise: 1, 5, 25, 100';
  const wrong = percents.findIndex(
    (percent, index) => !(percent > (percents[index - 1] ?? 0) && percent <= 100),
  );
  return wrong < 0 ? percents : `"${parts[wrong]}" is no percent above the one before, up to 100`;
}

/** What is missing or cannot be, before the server is asked. */
export function findFormProblem({ version, canary }: RolloutForm): string | undefined {
  if (version === '') return 'Choose a model version.';
  const percents = readCanary(canary);
  return typeof percents === 'string' ? percents : undefined;
}

/** What the API takes for a preview. */
export function toPlanRequest(form: RolloutForm): RolloutPlanRequest {
  const percents = readCanary(form.canary);
  return {
    version: form.version,
    ...(form.filter.trim() !== '' && { filter: form.filter.trim() }),
    ...(typeof percents !== 'string' && { groups: { canary: [...percents] } }),
    policy: toPolicy(form),
  };
}

/** What the API takes for a rollout, with the seed of the groups that were shown. */
export function toRequest(
  form: RolloutForm,
  { start, seed }: { readonly start: boolean; readonly seed: string | undefined },
): Partial<RolloutRequest> & Pick<RolloutRequest, 'name'> {
  const { name, version, requiresApproval } = form;
  return {
    ...toPlanRequest(form),
    name: name.trim() || version,
    requiresApproval,
    start,
    ...(seed !== undefined && { seed }),
  };
}

function toPolicy(form: RolloutForm): Partial<RolloutPolicy> {
  const { onError, type, softHours, targetSelection, gates, budgetPerSite, windowCron, windowMinutes } = form;
  const numbers = NUMBER_KEYS.filter((key) => form.numbers[key] !== '').map((key) => [
    key,
    round(Number(form.numbers[key]) / NUMBER_FIELDS[key].scale),
  ]);
  const cron = windowCron.trim();
  return {
    ...Object.fromEntries(numbers),
    ...{ onError, type, targetSelection },
    ...(type === 'soft' && softHours !== '' && { softHours: Number(softHours) }),
    gates: type === 'download_only' ? [] : gates.map((gate) => ({ gate })),
    ...(budgetPerSite !== '' && {
      disruptionBudget: { groupBy: 'site', maxUnavailable: Number(budgetPerSite) },
    }),
    ...(cron !== '' && { window: { cron, durationMinutes: Number(windowMinutes), timezone: 'site' } }),
  };
}

/** Gates the server has evidence for, with what must hold. */
export const GATE_CHOICES = Object.entries(ROLLOUT_GATES)
  .filter(([, { kind }]) => kind !== 'unheard')
  .map(([gate, { meaning, limit, unit }]) => ({
    gate: gate as RolloutGateName,
    meaning: `${meaning} ${formatLimit(limit, unit)}`,
  }));
