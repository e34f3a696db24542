import type { Hint, HintSeverity } from '@watchpost/shared/messages/telemetry.ts';
import type { Sign } from './sign.ts';

/** What is remembered of a sign from look to look. */
export interface HintState {
  /** Looks in a row at which it mattered, before it is told. */
  readonly raised: number;
  /** Looks since it mattered last, those that could not judge it counted apart. */
  readonly calm: number;
  readonly unknown: number;
  /** When it began to matter. */
  readonly sinceMs: number;
  /** Present while it is told. */
  readonly hint?: Hint;
}

export type HintMemory = ReadonlyMap<string, HintState>;

/** A hint is told when it mattered at so many looks in a row, */
const RAISE_LOOKS = 3;
/** and goes when it was well below the mark at so many, */
const CALM_LOOKS = 5;
/** or could not be judged for so long: at night, say. */
const UNKNOWN_LOOKS = 720;
/** How far below a mark is well below it. */
const CALM_SHARE01 = 0.8;

const QUIET: HintState = { raised: 0, calm: 0, unknown: 0, sinceMs: 0 };
const keyOf = ({ code, subject = '' }: Pick<Sign, 'code' | 'subject'>): string => `${code}/${subject}`;

/** One look more. Between its two marks a hint stays as it is, so that it does not come and go. */
export function rememberHints(before: HintMemory, signs: readonly Sign[], nowMs: number): HintMemory {
  const told = new Map(signs.map((sign) => [keyOf(sign), sign]));
  const keys = [...new Set([...before.keys(), ...told.keys()])];
  const after = keys.flatMap((key) => {
    const state = stepHint(before.get(key) ?? QUIET, told.get(key), nowMs);
    return state === undefined ? [] : [[key, state] as const];
  });
  return new Map(after);
}

/** @returns undefined when there is nothing to remember any more */
function stepHint(before: HintState, sign: Sign | undefined, nowMs: number): HintState | undefined {
  if (sign === undefined) {
    const unknown = before.unknown + 1;
    return before.hint === undefined || unknown >= UNKNOWN_LOOKS ? undefined : { ...before, unknown };
  }
  if (sign.score < CALM_SHARE01 || (before.hint === undefined && sign.score < 1)) {
    const calm = before.calm + 1;
    return before.hint === undefined || calm >= CALM_LOOKS ? undefined : { ...before, calm, unknown: 0 };
  }
  const raised = before.raised + 1;
  const sinceMs = before.raised === 0 ? nowMs : before.sinceMs;
  const state = { raised, calm: 0, unknown: 0, sinceMs };
  return raised < RAISE_LOOKS ? state : { ...state, hint: toHint(sign, before.hint?.severity, sinceMs) };
}

function toHint(sign: Sign, before: HintSeverity | undefined, sinceMs: number): Hint {
  const { code, subject, evidence, text, score, severity, urgentAt } = sign;
  const mark = before === 'urgent' ? urgentAt * CALM_SHARE01 : urgentAt;
  return {
    code,
    ...(subject !== undefined && { subject }),
    severity: score >= mark ? 'urgent' : severity,
    sinceMs,
    evidence: Object.fromEntries(
      Object.entries(evidence).map(([name, value]) => [name, Number(value.toPrecision(EVIDENCE_DIGITS))]),
    ),
    text: text.slice(0, 300),
  };
}

/** More would be noise. */
const EVIDENCE_DIGITS = 4;

const RANK: Readonly<Record<HintSeverity, number>> = { urgent: 0, warning: 1, notice: 2 };
/** As many as a message may carry. */
const MAX_HINTS = 32;

/** Those that are told, the worst first. */
export const listHints = (memory: HintMemory): readonly Hint[] =>
  [...memory.values()]
    .flatMap(({ hint }) => hint ?? [])
    .toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || a.sinceMs - b.sinceMs)
    .slice(0, MAX_HINTS);
