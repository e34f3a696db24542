import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

// Preloaded into the agent by the bench alone. At SIGUSR2 it writes how late the event loop was since the last time.
const RESOLUTION_MS = 5;
const file = process.env.BENCH_LOOP_DELAY_FILE;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
process.on('SIGUSR2', () => {
  // Each value is the time between two ticks of a timer, of which the timer itself is no delay.
  const lateMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const told = { p99Ms: lateMs(delays.percentile(99)), maxMs: lateMs(delays.max), count: delays.count };
  delays.reset();
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(told)}\n`);
});
