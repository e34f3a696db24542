import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import type { Word } from './state-words.ts';

export const SEVERITY_WORDS: Readonly<Record<Hint['severity'], Word>> = {
  urgent: { text: 'Urgent', tone: 'bad' },
  warning: { text: 'Warning', tone: 'warn' },
  notice: { text: 'Notice', tone: 'busy' },
};

/** What a box sees coming, in a word or two; nothing where there is no more than a notice. @param hints the worst first */
export function summariseHints(hints: readonly Hint[]): Word | undefined {
  const grave = hints.filter(({ severity }) => severity !== 'notice');
  const [worst] = grave;
  if (worst === undefined) return undefined;
  const text = worst.code.charAt(0).toUpperCase() + worst.code.slice(1).replaceAll('_', ' ');
  const more = grave.length > 1 ? ` +${grave.length - 1}` : '';
  return { text: text + more, tone: SEVERITY_WORDS[worst.severity].tone };
}
