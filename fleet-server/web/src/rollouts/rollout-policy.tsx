import { formatNumber, formatPercent } from '../shell/format.ts';
import { helpOf } from './rollout-form.ts';
import page from './rollout-page.module.css';
import type { RolloutView } from './rollouts-api.ts';

type Policy = RolloutView['policy'];
type Key = Exclude<keyof Policy, 'gates'>;

const FORMATS: { readonly [K in Key]: (value: NonNullable<Policy[K]>) => string } = {
  successThreshold: formatPercent,
  errorThreshold: formatPercent,
  minExecuted: (devices) => `${formatNumber(devices)} executed`,
  failureTypes: (types) => types.join(', ').replaceAll('_', ' '),
  soakSeconds: (seconds) => `${formatNumber(seconds / 60, seconds % 60 === 0 ? 0 : 1)} min`,
  rate: ({ base, increment, max }) => `${base} a minute, times ${increment}, at most ${max}`,
  maxParallelDownloads: (devices) => `${formatNumber(devices)} at once`,
  disruptionBudget: ({ groupBy, maxUnavailable }) => `${maxUnavailable} for each ${groupBy}`,
  timeoutMinutes: (minutes) => `${formatNumber(minutes / 60, minutes % 60 === 0 ? 0 : 1)} h`,
  stepTimeoutMinutes: (minutes) => `${formatNumber(minutes)} min`,
  retries: String,
  window: ({ cron, durationMinutes, timezone }) =>
    `${cron}, open for ${durationMinutes} min, time of ${timezone === 'site' ? 'the site' : timezone}`,
  onError: String,
  type: (type) => type.replaceAll('_', ' '),
  softHours: (hours) => `${hours} h`,
  targetSelection: String,
};

/** Every key of the policy, with what it means. */
export function RolloutPolicyPanel({ rollout: { policy } }: { readonly rollout: RolloutView }) {
  const keys = (Object.keys(FORMATS) as Key[]).filter((key) => policy[key] !== undefined);
  return (
    <details className={page.panel}>
      <summary className={page.summary}>Policy</summary>
      <dl className={`${page.facts} ${page.policy}`}>
        {keys.map((key) => (
          <PolicyRow key={key} name={key} text={formatKey(policy, key)} />
        ))}
      </dl>
    </details>
  );
}

function formatKey<K extends Key>(policy: Policy, key: K): string {
  const value = policy[key];
  return value === undefined ? '' : FORMATS[key](value as NonNullable<Policy[K]>);
}

function PolicyRow({ name, text }: { readonly name: Key; readonly text: string }) {
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {text} <span className={page.dim}>{helpOf(name)}</span>
      </dd>
    </>
  );
}
