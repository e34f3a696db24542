import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ModelChoice } from '@watchpost/shared/messages/deployment-findings.ts';

/** One bundle this box keeps, and how it runs it. */
export interface Slot {
  readonly digest: string;
  readonly deploymentId: string;
  /** Found by the self-test; absent for what an agent without one installed. */
  readonly choice?: ModelChoice;
}

export interface Slots {
  /** Classifies. */
  readonly champion?: Slot;
  /** Is tried beside it. */
  readonly challenger?: Slot;
  /** Was the champion before; for the case that the champion gets damaged. */
  readonly previous?: Slot;
}

/** The slots after a switch, and those a rollback brings back. */
export interface SwitchPlan {
  readonly next: Slots;
  readonly back: Slots;
}

/**
 * @param back what the box goes back to while its champion is on trial: a model that proved nothing yet never becomes
 * what is gone back to
 */
export function planSwitch(slots: Slots, back: Slots | undefined, challenger: Slot): SwitchPlan {
  const good = back?.champion === undefined ? withoutChallenger(slots) : back;
  const previous = good.champion?.digest === challenger.digest ? good.previous : good.champion;
  return { next: { champion: challenger, ...(previous && { previous }) }, back: good };
}

/** A champion that is not the one to go back to has yet to prove itself. */
export function isOnTrial(slots: Slots, back: Slots | undefined): boolean {
  return back !== undefined && slots.champion?.deploymentId !== back.champion?.deploymentId;
}

export function withoutChallenger({ champion, previous }: Slots): Slots {
  return { ...(champion && { champion }), ...(previous && { previous }) };
}

export function digestsOf(...all: readonly (Slots | undefined)[]): readonly string[] {
  const slots = all.flatMap((it) => [it?.champion, it?.challenger, it?.previous]);
  return [...new Set(slots.flatMap((slot) => (slot === undefined ? [] : [slot.digest])))];
}

/** For what was never measured here: the first variant ONNX Runtime can load, on one thread. */
export function firstChoice({ variants }: Pick<Manifest, 'variants'>): ModelChoice {
  const variant = variants.find(({ runtime }) => runtime === 'onnx') ?? variants[0];
  if (variant === undefined) throw new Error('a manifest without variants');
  return { variant: variant.name, threads: 1 };
}
