import type { Telemetry } from '../api/client.ts';
import { Ago } from '../shell/ago.tsx';
import { StateBadge } from '../shell/state-badge.tsx';
import type { Word } from '../shell/state-words.ts';
import classes from './hints-notice.module.css';

type Hint = NonNullable<Telemetry['hints']>[number];

const WORDS: Readonly<Record<Hint['severity'], Word>> = {
  urgent: { text: 'Urgent', tone: 'bad' },
  warning: { text: 'Warning', tone: 'warn' },
  notice: { text: 'Notice', tone: 'busy' },
};

/** What the box sees coming; nothing while it sees nothing. */
export function HintsNotice({ hints }: { readonly hints: readonly Hint[] }) {
  const [worst] = hints;
  if (worst === undefined) return null;
  return (
    <section className={classes.notice} data-tone={WORDS[worst.severity].tone} aria-labelledby="hints-title">
      <h2 id="hints-title">Early signs</h2>
      <ul>
        {hints.map((hint) => (
          <li key={`${hint.code}/${hint.subject}`}>
            <StateBadge word={WORDS[hint.severity]} />
            <span className={classes.text}>{hint.text}</span>
            <span className={classes.since}>
              since <Ago atMs={hint.sinceMs} form="duration" />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
