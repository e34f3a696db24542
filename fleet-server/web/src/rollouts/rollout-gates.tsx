import { ROLLOUT_GATES } from '@watchpost/shared/rollout/gates.ts';
import { gatesInForce } from '@watchpost/shared/rollout/policy.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import page from './rollout-page.module.css';
import { formatLimit, VERDICT_WORDS } from './rollout-words.ts';
import type { RolloutView } from './rollouts-api.ts';

/** What must hold after the soak of a group, and what each gate says of the one that soaks. */
export function RolloutGates({ rollout: { gates, policy } }: { readonly rollout: RolloutView }) {
  const inForce = gatesInForce(policy);
  return (
    <section className={page.panel} aria-labelledby="gates-title">
      <header className={page.title}>
        <h2 id="gates-title">Gates</h2>
      </header>
      <div className={page.body}>
        {inForce.length === 0 && (
          <p className={page.none}>
            {policy.type === 'download_only' ? NONE_ASKED : 'This rollout has no gates.'}
          </p>
        )}
        <ul className={page.lines}>
          {inForce.map(({ gate, limit }) => {
            const said = gates.find((verdict) => verdict.gate === gate);
            const fact = ROLLOUT_GATES[gate];
            return (
              <li key={gate}>
                {said ? <StateBadge word={VERDICT_WORDS[said.verdict]} /> : <StateBadge word={NOT_ASKED} />}
                <span>
                  <strong>{gate.replaceAll('_', ' ')}</strong>
                  {said && <>: {said.why}</>}
                  <br />
                  <span className={page.dim}>
                    {fact.meaning} {formatLimit(limit ?? fact.limit, fact.unit)}
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

const NONE_ASKED = 'No gate is asked: the bundle is kept on the disk, and runs nowhere yet.';
const NOT_ASKED = { text: 'Not asked', tone: 'off' } as const;
