export interface KeptGraph {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writtenAtMs: number;
}

/**
 * The graphs to be removed, the oldest first, so that one more fits.
 * @returns undefined when it never does
 */
export function planEviction(
  graphs: readonly KeptGraph[],
  neededBytes: number,
  maxBytes: number,
): readonly string[] | undefined {
  if (neededBytes > maxBytes) return undefined;
  let keptBytes = graphs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const evicted: string[] = [];
  for (const { name, sizeBytes } of graphs.toSorted((one, other) => one.writtenAtMs - other.writtenAtMs)) {
    if (keptBytes + neededBytes <= maxBytes) break;
    keptBytes -= sizeBytes;
    evicted.push(name);
  }
  return evicted;
}
