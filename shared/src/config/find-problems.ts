import { IsArray, IsObject, type TSchema } from 'typebox';
import { createProblemFinder, type Problem } from '../kernel/parse.ts';

/** Every problem of a tree of settings: the validator stops after a few, so each part that fails is asked for itself. */
export function findSchemaProblems(schema: TSchema, value: unknown, path = ''): readonly Problem[] {
  const own = createProblemFinder(schema)(value).map((problem) => ({
    ...problem,
    path: `${path}${problem.path === '/' ? '' : problem.path}`,
  }));
  if (own.length === 0) return [];
  const inner = childrenOf(schema, value).flatMap(([name, child, childValue]) =>
    findSchemaProblems(child, childValue, `${path}/${name}`),
  );
  return [...new Map([...own, ...inner].map((problem) => [problem.path, problem])).values()];
}

function childrenOf(schema: TSchema, value: unknown): readonly (readonly [string, TSchema, unknown])[] {
  if (IsArray(schema) && Array.isArray(value)) {
    return value.map((item, index) => [String(index), schema.items, item]);
  }
  if (!IsObject(schema) || !isRecord(value)) return [];
  return Object.entries(schema.properties)
    .filter(([name]) => name in value)
    .map(([name, child]) => [name, child, value[name]]);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
