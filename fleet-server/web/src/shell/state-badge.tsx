import classes from './state-badge.module.css';
import type { Word } from './state-words.ts';

/** A state as a word on its colour. */
export function StateBadge({ word }: { readonly word: Word }) {
  return (
    <span className={classes.badge} data-tone={word.tone}>
      {word.text}
    </span>
  );
}

/** The colour alone, where the word stands beside it. */
export function StateDot({ word }: { readonly word: Word }) {
  return <span className={classes.dot} data-tone={word.tone} aria-hidden="true" />;
}
