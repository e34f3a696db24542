import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import { Ago } from '../shell/ago.tsx';
import { SEVERITY_WORDS } from '../shell/hint-words.ts';
import { StateBadge } from '../shell/state-badge.tsx';
import classes from './hints-notice.module.css';

/** What the box sees coming; nothing while it sees nothing. */
export function HintsNotice({ hints }: { readonly hints: readonly Hint[] }) {
  const [worst] = hints;
  if (worst === undefined) return null;
  return (
    <section
      className={classes.notice}
      data-tone={SEVERITY_WORDS[worst.severity].tone}
      aria-labelledby="hints-title"
    >
      <h2 id="hints-title">Early signs</h2>
      <ul>
        {hints.map((hint) => (
          <li key={`${hint.code}/${hint.subject}`}>
            <StateBadge word={SEVERITY_WORDS[hint.severity]} />
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
