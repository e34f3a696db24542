import { IsArray, IsObject, IsOptional, type TSchema } from 'typebox';

/** One setting: a leaf of the schema, or a list. */
export interface ConfigKey {
  /** Dotted; `[]` stands for each entry of a list. */
  readonly path: string;
  readonly parts: readonly string[];
  readonly schema: TSchema;
  readonly isOptional: boolean;
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
}

export const annotationsOf = (schema: TSchema): Annotations => schema as Annotations;

/** Every setting below `schema`, in its order; the keys of a list's entries follow the list. */
export function listKeys(schema: TSchema, parts: readonly string[] = []): readonly ConfigKey[] {
  if (!IsObject(schema)) return [];
  return Object.entries<TSchema>(schema.properties).flatMap(([name, child]) => {
    const own = [...parts, name];
    if (IsObject(child)) return listKeys(child, own);
    const key = { path: own.join('.'), parts: own, schema: child, isOptional: IsOptional(child) };
    return IsArray(child) ? [key, ...listKeys(child.items, [...parts, `${name}[]`])] : [key];
  });
}

/** `update.maxBytesPerSec` -> `WATCHPOST_UPDATE_MAX_BYTES_PER_SEC`; keys of list entries have no variable. */
export function formatVariable(key: ConfigKey): string | undefined {
  if (key.path.includes('[]')) return undefined;
  const words = key.parts.map((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return `${VARIABLE_PREFIX}${words.join('_').toUpperCase()}`;
}
export const VARIABLE_PREFIX = 'WATCHPOST_';
