/**
 * What differs between two trees of settings, a line for each key, as people read it: `- was`, `+ becomes`. Lists of
 * things with an id are compared by that id.
 */
export function diffSettings(before: unknown, after: unknown): readonly string[] {
  const [was, becomes] = [listLeaves(before), listLeaves(after)];
  const keys = [...new Set([...was.keys(), ...becomes.keys()])].sort();
  return keys.flatMap((key) => {
    const [old, next] = [was.get(key), becomes.get(key)];
    if (old === next) return [];
    return [
      ...(old === undefined ? [] : [`- ${key}: ${old}`]),
      ...(next === undefined ? [] : [`+ ${key}: ${next}`]),
    ];
  });
}

function listLeaves(tree: unknown): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    const children = childrenOf(value);
    if (children === undefined || children.length === 0) {
      if (path !== '') leaves.set(path, JSON.stringify(value));
      return;
    }
    for (const [name, child] of children) walk(child, path === '' ? name : `${path}.${name}`);
  };
  walk(tree, '');
  return leaves;
}

function childrenOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return Object.entries(value);
  return value.map((item: unknown, index) => [idOf(item) ?? String(index), item] as const);
}

function idOf(item: unknown): string | undefined {
  const isNamed = typeof item === 'object' && item !== null && 'id' in item;
  return isNamed && typeof item.id === 'string' ? item.id : undefined;
}
