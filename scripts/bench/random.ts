/** Draws from a seeded generator: the same seed, the same draws. */
export interface Draws {
  /** [0, 1). */
  readonly uniform: () => number;
  readonly normal: (sd: number) => number;
  readonly binomial: (n: number, p: number) => number;
}

export function createDraws(seed: number): Draws {
  const uniform = createUniform(seed);
  const normal = (sd: number): number =>
    sd * Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, binomial: (n, p) => drawBinomial(n, p, uniform) };
}

/** mulberry32 */
function createUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** By the gaps between successes, which are geometric: as many steps as there are successes. */
function drawBinomial(n: number, p: number, uniform: () => number): number {
  if (p > 0.5) return n - drawBinomial(n, 1 - p, uniform);
  if (p <= 0) return 0;
  const lnMiss = Math.log1p(-p);
  let successes = 0;
  for (let at = 0; ; successes += 1) {
    at += Math.floor(Math.log(1 - uniform()) / lnMiss) + 1;
    if (at > n) return successes;
  }
}
