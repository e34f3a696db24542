const COMPARATOR = /^(>=|<=|>|<|=)?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?$/;

/**
 * A version against a range of comparators that all must hold (`>=0.2.0 <1`). A bare version is the least one.
 * What cannot be read is not satisfied: better no new model than a wrong one.
 */
export function satisfies(version: string, range: string): boolean {
  const own = parseVersion(version);
  return range
    .trim()
    .split(/\s+/)
    .every((comparator) => {
      const wanted = parseVersion(comparator);
      const [, operator = '>='] = COMPARATOR.exec(comparator) ?? [];
      if (own === undefined || wanted === undefined) return false;
      const order = compareVersions(own, wanted);
      if (order === 0) return operator.includes('=');
      return order > 0 ? operator.startsWith('>') : operator.startsWith('<');
    });
}

function parseVersion(text: string): readonly number[] | undefined {
  const [, , major, minor = '0', patch = '0'] = COMPARATOR.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  const differences = left.map((part, index) => part - (right[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
