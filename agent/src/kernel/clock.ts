/** Time as a value: the wall clock is for reports only, since it jumps; durations use the monotonic one. */
export interface Clock {
  /** Unix milliseconds, whole. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. */
  monotonicMs(): number;
}
