import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import fc from 'fast-check';

/** How many cases each property gets: few beside the other tests, many with `npm run fuzz -- --runs N`. */
export const FUZZ_RUNS = Number(process.env.WATCHPOST_FUZZ_RUNS ?? 2_000);
const SEED = Number(process.env.WATCHPOST_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** A property of anything; the seed is printed, and `--seed` runs the same cases again. */
export function fuzz<Case>(
  name: string,
  cases: fc.Arbitrary<Case>,
  hold: (it: Case) => void | Promise<void>,
): void {
  test(name, async (t) => {
    t.diagnostic(`${FUZZ_RUNS} cases, seed ${SEED}`);
    const property = fc.asyncProperty(cases, async (it) => hold(it));
    await fc.assert(property, { numRuns: FUZZ_RUNS, seed: SEED });
  });
}

/** What is not as it should be is refused with a code; anything else thrown is a crash. */
export async function assertParsedOrRefused(
  parse: () => unknown,
  ...codes: readonly string[]
): Promise<void> {
  try {
    await parse();
  } catch (error) {
    if (!isAppError(error, ...codes)) throw error;
    assert.notEqual(error.message, '');
  }
}

/** What breaks programs that trust their input. */
const NASTY: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    -0,
    1e308,
    2 ** 53,
    0.1,
    '',
    '__proto__',
    'constructor',
    '\0',
    '\ud800',
    '../../etc/passwd',
    '%2e%2e%2f',
    'a'.repeat(5_000),
    [],
    {},
    [[[[]]]],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

interface Mutation {
  readonly at: number;
  readonly kind: 'replace' | 'delete' | 'add' | 'repeat';
  readonly key: string;
  readonly value: unknown;
}

const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom<Mutation['kind']>('replace', 'delete', 'add', 'repeat'),
    key: fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'toString', '0', ''),
      fc.string({ maxLength: 8 }),
    ),
    value: NASTY,
  }),
  { minLength: 1, maxLength: 4 },
);

/** `valid` with a few wounds, and sometimes anything at all. */
export function mutated(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(valid, mutations).map(([it, wounds]) => wounds.reduce(wound, it)) },
    { weight: 3, arbitrary: valid },
    { weight: 1, arbitrary: NASTY },
  );
}

/** The text of a JSON value, and sometimes of none. */
export function jsonText(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const text = value.map((it) => JSON.stringify(it) ?? '');
  const cut = fc
    .tuple(text, fc.nat(), fc.string({ maxLength: 3 }))
    .map(([it, at, junk]) => it.slice(0, at % (it.length + 1)) + junk + it.slice((at % (it.length + 1)) + 1));
  return fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: cut });
}

type Tree = Record<string, unknown>;
const isTree = (it: unknown): it is Tree => typeof it === 'object' && it !== null;

function wound(root: unknown, { at, kind, key, value }: Mutation): unknown {
  const box: Tree = { root: structuredClone(root) };
  const places = listPlaces(box);
  const [parent, name] = places[at % places.length] ?? [box, 'root'];
  if (kind === 'delete' && Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (kind === 'delete' && parent !== box) delete parent[name];
  else if (kind === 'add' && isTree(parent[name])) define(parent[name], key, value);
  else if (kind === 'repeat' && Array.isArray(parent[name])) parent[name].push(...parent[name]);
  else parent[name] = value;
  return box.root;
}

function listPlaces(tree: Tree): readonly (readonly [Tree, string])[] {
  return Object.entries(tree).flatMap(([name, child]) => [
    [tree, name] as const,
    ...(isTree(child) ? listPlaces(child) : []),
  ]);
}

/** As JSON.parse does it: `__proto__` is a key like any other. */
function define(tree: Tree, key: string, value: unknown): void {
  if (Array.isArray(tree)) tree.push(value);
  else Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true });
}
