import { isRecord } from '@watchpost/shared/config/find-problems.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { IsArray, IsObject, IsOptional, type TSchema } from 'typebox';

/** One setting: a leaf of the schema, or a list. */
export interface ConfigKey {
  /** Dotted; `[]` stands for each entry of a list. */
  readonly path: string;
  readonly parts: readonly string[];
  readonly schema: TSchema;
  readonly isOptional: boolean;
  /** It counts only after a restart of the agent. */
  readonly needsRestart: boolean;
}

/** What a schema says of itself beside its type. */
export interface Annotations {
  readonly default?: unknown;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly restart?: boolean;
}

export const annotationsOf = (schema: TSchema): Annotations => schema as Annotations;

/** Every setting below `schema`, in its order; the keys of a list's entries follow the list. */
export function listKeys(
  schema: TSchema,
  parts: readonly string[] = [],
  isFixed = false,
): readonly ConfigKey[] {
  if (!IsObject(schema)) return [];
  return Object.entries<TSchema>(schema.properties).flatMap(([name, child]) => {
    const own = [...parts, name];
    const needsRestart = isFixed || annotationsOf(child).restart === true;
    if (IsObject(child)) return listKeys(child, own, needsRestart);
    const isOptional = IsOptional(child);
    const key = { path: own.join('.'), parts: own, schema: child, isOptional, needsRestart };
    return IsArray(child) ? [key, ...listKeys(child.items, [...parts, `${name}[]`], needsRestart)] : [key];
  });
}

/** Settings of a box that differ, of those that wait for a restart. */
export function listRestartKeys(schema: TSchema, running: unknown, wanted: unknown): readonly string[] {
  return listKeys(schema)
    .filter(({ path, needsRestart }) => needsRestart && !path.includes('[]'))
    .filter(({ parts }) => canonicalJson(valueAt(running, parts)) !== canonicalJson(valueAt(wanted, parts)))
    .map(({ path }) => path);
}

const valueAt = (tree: unknown, parts: readonly string[]): unknown =>
  parts.reduce<unknown>((inner, part) => (isRecord(inner) ? inner[part] : undefined), tree) ?? null;

/** `update.maxBytesPerSec` -> `WATCHPOST_UPDATE_MAX_BYTES_PER_SEC`; keys of list entries have no variable. */
export function formatVariable(key: ConfigKey): string | undefined {
  if (key.path.includes('[]')) return undefined;
  const words = key.parts.map((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return `${VARIABLE_PREFIX}${words.join('_').toUpperCase()}`;
}
export const VARIABLE_PREFIX = 'WATCHPOST_';

/** Names the board profile: what lies in it is a layer of its own. */
export const PROFILE_VARIABLE = 'WATCHPOST_PROFILE';
