import type { Slowdown } from '@watchpost/shared/messages/camera.ts';
import type { DecodeTier } from '../capture/port.ts';

export type { Slowdown };

/** What slows a box down. */
export type Cause = Slowdown['why'][number];

/** What a frame tells without being looked at. */
export interface Glance {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Share of the picture that moved. */
  readonly share01: number;
  /** Whether the last look says what was decided: the open sighting, or nothing where none is open. */
  readonly isSettled: boolean;
}

/** What the box can give to one camera. */
export interface Orders {
  readonly level: 'full' | Slowdown['level'];
  /** Whether it is this camera's turn, while there is one at a time. */
  readonly isTurn: boolean;
}

/** Who looks less often when the box is hot, short of power or behind, and how much less. */
export interface Governor {
  /** Undefined while every frame may be looked at. */
  current(): Slowdown | undefined;
  /** @param cameras gives those that take turns, in a lasting order */
  orders(camera: string, cameras: () => readonly string[]): Orders;
  /** Called at each change. One listener. */
  onChange(listener: () => void): void;
}

/** What becomes of a frame. `gated`: nothing moves; `governed`: the box cannot. */
export interface Verdict {
  readonly verdict: 'look' | 'gated' | 'governed';
  /** Which pictures are to be decoded from now on. */
  readonly tier: DecodeTier;
}

/** The attention one camera gets. */
export interface Attendant {
  judge(glance: Glance, orders: Orders): Verdict;
}
