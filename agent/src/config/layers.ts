import { isRecord } from '@watchpost/shared/config/find-problems.ts';
import { IsBoolean, IsString, type TSchema } from 'typebox';
import { type FleetLayer, readFleetLayer } from './fleet-layer.ts';
import {
  annotationsOf,
  type ConfigKey,
  formatVariable,
  listKeys,
  PROFILE_VARIABLE,
  VARIABLE_PREFIX,
} from './keys.ts';
import { AgentConfig } from './schema.ts';

/** Where settings come from, before they are checked. */
export interface ConfigInput {
  /** Settings that suit the board, and the name a person knows them by. */
  readonly profile?: NamedContent;
  /** The parsed file. */
  readonly file?: NamedContent;
  /** What the fleet set, where it did. */
  readonly fleet?: FleetLayer;
  /** Variables that begin with `WATCHPOST_` must be known; others, and those of fleetctl and the server, are ignored. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `--set` arguments: `server.url=https://fleet.example` */
  readonly flags?: readonly string[];
}

export interface NamedContent {
  readonly name: string;
  readonly content: unknown;
}

export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
  readonly source: string;
}

/** One source as a tree of the schema's shape. Later layers win. */
export interface Layer {
  readonly tree: unknown;
  readonly sourceOf: (path: string) => string;
  readonly problems: readonly ConfigProblem[];
}

interface Setting {
  readonly name: string;
  readonly source: string;
  readonly text: string;
  readonly key: ConfigKey | undefined;
}

const KEYS = listKeys(AgentConfig).filter(({ path }) => !path.includes('[]'));
const KEY_OF_PATH = new Map(KEYS.map((key) => [key.path, key]));
const KEY_OF_VARIABLE = new Map(KEYS.map((key) => [formatVariable(key), key]));

/** Those of fleetctl and the fleet server too: a person may work with all of them in one shell. */
const NO_SETTINGS: readonly string[] = [
  PROFILE_VARIABLE,
  'WATCHPOST_SERVER',
  'WATCHPOST_USER',
  'WATCHPOST_PASSWORD_FILE',
  'WATCHPOST_TOKEN_FILE',
  'WATCHPOST_CA_FILE',
  'WATCHPOST_MASTER_KEY',
];

/** Profile, file, fleet, environment, flags: in rising precedence. */
export function readLayers({ profile, file, fleet, env = {}, flags = [] }: ConfigInput): readonly Layer[] {
  const local = [profile, file].filter((content) => content !== undefined).map(readFileLayer);
  const below = local.map(({ tree }) => tree).reduce(mergeTrees, {});
  return [
    ...local,
    ...(fleet === undefined ? [] : [{ ...readFleetLayer(fleet, below), problems: [] }]),
    readSettings(Object.entries(env).flatMap(readVariable)),
    readSettings(flags.map(readFlag)),
  ];
}

function readFileLayer({ name, content }: NamedContent): Layer {
  const tree = dropEmpty(content) ?? {};
  const isTree = isRecord(tree);
  const problem = { path: '(whole file)', message: 'must be keys and values', source: name };
  return { tree: isTree ? tree : {}, sourceOf: () => name, problems: isTree ? [] : [problem] };
}

function readVariable([name, text]: readonly [string, string | undefined]): readonly Setting[] {
  if (text === undefined || !name.startsWith(VARIABLE_PREFIX) || NO_SETTINGS.includes(name)) return [];
  return [{ name, text, source: 'environment', key: KEY_OF_VARIABLE.get(name) }];
}

function readFlag(flag: string): Setting {
  const name = flag.split('=', 1)[0] ?? '';
  return { name, text: flag.slice(name.length + 1), source: `--set ${name}`, key: KEY_OF_PATH.get(name) };
}

function readSettings(settings: readonly Setting[]): Layer {
  const sources = new Map<string, string>();
  let tree: unknown = {};
  for (const { key, name, source, text } of settings) {
    if (key === undefined) continue;
    tree = mergeTrees(tree, nest(key.parts, coerce(text, key.schema)));
    sources.set(key.path, source === 'environment' ? name : source);
  }
  const unknown = settings.filter(({ key }) => key === undefined);
  return {
    tree,
    sourceOf: (path) =>
      [...sources].find(([key]) => path === key || path.startsWith(`${key}.`))?.[1] ??
      [...sources.values()].join(', '),
    problems: unknown.map(({ name, source }) => ({ path: name, message: 'is not a known key', source })),
  };
}

/** Text as the type the schema asks for; what does not read as that type stays text, and fails the check. */
function coerce(text: string, schema: TSchema): unknown {
  if (IsString(schema) || annotationsOf(schema).enum !== undefined) return text;
  if (IsBoolean(schema)) return text === 'true' || (text === 'false' ? false : text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function nest(parts: readonly string[], value: unknown): unknown {
  return parts.reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
}

/** A key without a value (`server:`) counts as not given. */
function dropEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropEmpty);
  if (!isRecord(value)) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(given.map(([name, inner]) => [name, dropEmpty(inner)]));
}

/** Objects are merged key by key; anything else, lists included, is replaced. */
export function mergeTrees(lower: unknown, upper: unknown): unknown {
  if (!isRecord(lower) || !isRecord(upper)) return upper;
  const merged = Object.entries(upper).map(([name, value]) => [name, mergeTrees(lower[name], value)]);
  return { ...lower, ...Object.fromEntries(merged) };
}
