import { Ago } from '../shell/ago.tsx';
import { formatPercent } from '../shell/format.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import { CountsBar, CountsList } from './counts-bar.tsx';
import classes from './rollout-groups.module.css';
import page from './rollout-page.module.css';
import { GROUP_WORDS } from './rollout-words.ts';
import type { RolloutGroupView, RolloutView } from './rollouts-api.ts';

/** The groups as steps, each with how far it is and what it needs. */
export function RolloutGroups({ rollout }: { readonly rollout: RolloutView }) {
  const { groups, policy } = rollout;
  return (
    <section className={page.panel} aria-labelledby="groups-title">
      <header className={page.title}>
        <h2 id="groups-title">Groups</h2>
        <span className={page.dim}>
          each needs {formatPercent(policy.successThreshold)} of its executed devices to succeed, and at most{' '}
          {formatPercent(policy.errorThreshold)} to fail
        </span>
      </header>
      <ol className={classes.steps}>
        {groups.map((group) => (
          <Step key={group.number} group={group} policy={policy} />
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  readonly group: RolloutGroupView;
  readonly policy: RolloutView['policy'];
}

function Step({ group, policy }: StepProps) {
  const { number, name, state, counts, soakingSinceMs } = group;
  const word = GROUP_WORDS[state];
  return (
    <li className={classes.step} data-state={state} aria-label={`Group ${number}, ${name}: ${word.text}`}>
      <div className={classes.head}>
        <span className={classes.number}>{number}</span>
        <span className={classes.name}>{name}</span>
        <StateBadge word={word} />
        {state === 'soaking' && soakingSinceMs !== undefined && (
          <span className={page.dim}>
            for <Ago atMs={soakingSinceMs} form="duration" />, needs {formatSoak(policy.soakSeconds)}
          </span>
        )}
      </div>
      <CountsBar counts={counts} label={`Group ${number}`} />
      <CountsList counts={counts} />
      <Thresholds counts={counts} policy={policy} />
    </li>
  );
}

/** The shares that are judged, against what is needed; nothing before anything was executed. */
function Thresholds({ counts, policy }: Pick<RolloutGroupView, 'counts'> & Pick<StepProps, 'policy'>) {
  const executed = counts.succeeded + counts.failed;
  if (executed === 0) return null;
  const succeeded01 = counts.succeeded / executed;
  const failed01 = counts.failed / executed;
  return (
    <p className={classes.thresholds}>
      <span data-tone={succeeded01 >= policy.successThreshold ? 'good' : undefined}>
        success {formatPercent(succeeded01)}
      </span>
      <span data-tone={failed01 > policy.errorThreshold ? 'bad' : undefined}>
        errors {formatPercent(failed01)}
      </span>
    </p>
  );
}

const formatSoak = (seconds: number): string =>
  seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
