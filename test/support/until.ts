import { setTimeout as delay } from 'node:timers/promises';

/** Waits for what no event tells; fails after `limitMs`, naming `what`. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(20);
  }
}
