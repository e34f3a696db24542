/** Which share of a sliding window frames flowed. All times are monotonic milliseconds. */
export interface FlowMeter {
  /** @param graceMs the longest wait for the next frame that still counts as flowing */
  onFrame(nowMs: number, graceMs: number): void;
  /** 0 until the first frame; a window longer than the camera's life counts its life only. */
  quality01(nowMs: number): number;
}

interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function createFlowMeter(startedAtMs: number, windowMs = 300_000): FlowMeter {
  let outages: readonly Outage[] = [];
  let coveredUntilMs = startedAtMs;
  const outagesAt = (nowMs: number): readonly Outage[] =>
    nowMs > coveredUntilMs ? [...outages, { fromMs: coveredUntilMs, untilMs: nowMs }] : outages;

  return {
    onFrame(nowMs, graceMs) {
      if (nowMs > coveredUntilMs) {
        outages = outagesAt(nowMs).filter(({ untilMs }) => untilMs > nowMs - windowMs);
      }
      coveredUntilMs = nowMs + graceMs;
    },
    quality01(nowMs) {
      const beginMs = Math.max(startedAtMs, nowMs - windowMs);
      if (nowMs <= beginMs) return 0;
      const missedMs = outagesAt(nowMs).reduce(
        (sum, { fromMs, untilMs }) => sum + Math.max(0, untilMs - Math.max(fromMs, beginMs)),
        0,
      );
      return Math.round((1 - missedMs / (nowMs - beginMs)) * 1000) / 1000;
    },
  };
}
