import type { ConfigMark, ConfigMemory, ConfigVerdict, FleetDocument } from './port.ts';

/** Starts a document gets to prove good: a power cut or two are nobody's fault. */
export const MAX_TRIAL_STARTS = 3;

export type MarkVerdict =
  | { readonly kind: 'fresh' }
  /** The one that was judged before: it is told at every connection. */
  | { readonly kind: 'again' }
  | { readonly kind: 'replayed'; readonly why: string };

/** Whether a document is newer than every document before it: whoever kept an old one cannot bring the box back to it. */
export function judgeMark(mark: ConfigMark | undefined, given: ConfigMark): MarkVerdict {
  if (mark === undefined || given.version > mark.version) return { kind: 'fresh' };
  if (given.version < mark.version)
    return { kind: 'replayed', why: `its version is ${given.version}, this box is at ${mark.version}` };
  return given.digest === mark.digest
    ? { kind: 'again' }
    : { kind: 'replayed', why: `other settings had the version ${given.version} before` };
}

/** A document comes into force; what was good before is kept. One that was still on trial is not. */
export function accept(memory: ConfigMemory, document: FleetDocument, online: number): ConfigMemory {
  const { current, lastGood } = memory;
  const isOnTrial = current !== undefined && !current.isConfirmed;
  const good = isOnTrial ? lastGood : current;
  // A trial that lost the cameras must not make the next one look harmless.
  const onlineBefore = isOnTrial ? Math.max(online, current.onlineBefore) : online;
  const { version, settings } = document;
  return {
    current: { version, settings, isConfirmed: false, starts: 0, onlineBefore },
    ...(good !== undefined && { lastGood: { version: good.version, settings: good.settings } }),
    verdict: { version, state: 'applied' },
  };
}

export function reject(memory: ConfigMemory, verdict: Omit<ConfigVerdict, 'state'>): ConfigMemory {
  return { ...memory, verdict: { ...verdict, state: 'rejected' } };
}

export function confirm(memory: ConfigMemory): ConfigMemory {
  if (memory.current === undefined) return memory;
  const { lastGood, ...rest } = memory;
  return { ...rest, current: { ...memory.current, isConfirmed: true } };
}

/** Back to what was good. The document that failed is not tried again: the verdict is about it. */
export function revert(memory: ConfigMemory, why: Pick<ConfigVerdict, 'reason' | 'detail'>): ConfigMemory {
  const { current, lastGood } = memory;
  if (current === undefined) return memory;
  return {
    ...(lastGood !== undefined && {
      current: { ...lastGood, isConfirmed: true, starts: 0, onlineBefore: 0 },
    }),
    verdict: { version: current.version, state: 'reverted', ...why },
  };
}

/** What is in force at a start: a document that may be why the starts before it ended early gives way. */
export function beginTrial(memory: ConfigMemory, boot: 'normal' | 'cautious'): ConfigMemory {
  const { current } = memory;
  if (current === undefined || current.isConfirmed) return memory;
  if (boot === 'cautious')
    return revert(memory, { reason: 'CONFIG_UNPROVED', detail: 'the starts of the agent all ended early' });
  if (current.starts >= MAX_TRIAL_STARTS)
    return revert(memory, {
      reason: 'CONFIG_UNPROVED',
      detail: `${current.starts} starts of the agent ended before the settings proved good`,
    });
  return { ...memory, current: { ...current, starts: current.starts + 1 } };
}
