import page from './rollout-page.module.css';
import { holdInWords } from './rollout-words.ts';
import type { RolloutView } from './rollouts-api.ts';

interface RolloutHoldsProps {
  /** Why it does not go on, the most telling first. */
  readonly lines: readonly string[];
  readonly held: RolloutView['held'];
}

/** What the rollout waits for: in words, and the devices that are held back by what holds them. */
export function RolloutHolds({ lines, held }: RolloutHoldsProps) {
  return (
    <section className={page.panel} aria-labelledby="holds-title">
      <header className={page.title}>
        <h2 id="holds-title">What it waits for</h2>
      </header>
      <div className={page.body}>
        <ul className={page.lines}>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {held.length > 0 && (
          <ul className={page.lines} aria-label="Devices held back">
            {held.map(({ reason, devices }) => (
              <li key={reason}>
                <span className={page.number}>{devices.toLocaleString('en')}</span>
                <span>{holdInWords(reason)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
