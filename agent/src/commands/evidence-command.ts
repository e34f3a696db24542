import type { EvidenceSettings } from '@watchpost/shared/config/settings.ts';
import type { EvidenceStore, SendKept, SendOutcome } from '../evidence/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { RunCommand } from './port.ts';

export interface EvidenceCommandDeps {
  readonly store: Pick<EvidenceStore, 'find' | 'wasRemoved'>;
  readonly send: SendKept;
  /** As the box is set now. */
  readonly settings: () => Promise<EvidenceSettings>;
  /** False after a cautious start. */
  readonly mayLeave: () => boolean;
}

/** Sends the pictures of a sighting to the server, each as it is kept. */
export function createEvidenceCommand(deps: EvidenceCommandDeps): RunCommand<'evidence'> {
  return async ({ event }, { signal }) => {
    const settings = await deps.settings();
    if (!settings.enabled || !deps.mayLeave())
      throw agentError(
        'COMMAND_UNAVAILABLE',
        'no picture of a sighting leaves this box now: evidence.enabled is off, or its start was cautious',
      );
    const sighting = await deps.store.find(event);
    if (sighting === undefined) throw await explainAbsence(deps, event, settings);
    const outcomes: SendOutcome[] = [];
    for (const picture of sighting.pictures) outcomes.push(await deps.send(event, picture, signal));
    const count = (outcome: SendOutcome): number => outcomes.filter((each) => each === outcome).length;
    if (count('early') > 0 || count('refused') > 0)
      throw agentError(
        'EVIDENCE_REFUSED',
        `the server took ${count('stored')} of ${outcomes.length} pictures of ${event}`,
      );
    if (count('stored') === 0)
      throw agentError('EVIDENCE_GONE', `the pictures of ${event} were damaged by a power cut`);
    return { result: { event, pictures: count('stored'), damaged: count('gone') } };
  };
}

async function explainAbsence(
  { store }: Pick<EvidenceCommandDeps, 'store'>,
  event: string,
  { maxAgeDays, maxBytes }: EvidenceSettings,
) {
  if (!(await store.wasRemoved(event)))
    return agentError('EVIDENCE_UNKNOWN', `this box has no pictures of a sighting ${event}`);
  const megabytes = Math.round(maxBytes / 1024 / 1024);
  return agentError(
    'EVIDENCE_GONE',
    `the pictures of ${event} were removed: this box keeps them for ${maxAgeDays} days at most, and the newest ${megabytes} MiB`,
  );
}
