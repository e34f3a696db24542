import type { Hint } from '@watchpost/shared/messages/telemetry.ts';
import { noteIn } from './check.ts';
import type { Check } from './port.ts';

const note = noteIn('machine');

/** What the running agent saw coming. @param hints undefined where no agent has run */
export function diagnoseHints(hints: readonly Hint[] | undefined): readonly Check[] {
  if (hints === undefined) return [];
  if (hints.length === 0) return [note('early signs', 'ok', 'the agent sees nothing that will fail soon')];
  return hints.map(({ severity, text }) =>
    note('early signs', severity === 'urgent' ? 'problem' : 'warning', text),
  );
}
