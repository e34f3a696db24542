import { IsArray, IsObject, type TSchema } from 'typebox';
import { annotationsOf, type ConfigKey, formatVariable, listKeys } from './keys.ts';
import { AgentConfig } from './schema.ts';

/** Every key with its type, default, meaning and environment variable, for a terminal. */
export function describeConfig(): string {
  const blocks = listKeys(AgentConfig).map((key) => {
    const { description } = annotationsOf(key.schema);
    const variable = formatVariable(key);
    return [
      `${key.path}: ${describeType(key.schema)}${describeUnit(key.path)}${describeDefault(key)}`,
      ...(description === undefined ? [] : [`    ${description}`]),
      ...(variable === undefined ? [] : [`    ${variable}`]),
    ].join('\n');
  });
  return `${blocks.join('\n')}\n\n${PRECEDENCE.join('\n')}\n`;
}

const PRECEDENCE = [
  'Defaults give way to the profile of the board, that to the file, the file to what the fleet sets, that to',
  'the environment, and the environment to `--set key=value`.',
  'Lists are JSON there.',
];

/** A file with every key at its default, explained: what `firmware-config/agent.yaml` holds. */
export function renderSampleConfig(): string {
  const head = [
    'Settings of watchpost-agent: every key, at its default. Keys left out keep their default;',
    'unknown keys are an error.',
    ...PRECEDENCE,
  ].map((line) => `# ${line}`);
  return `${[...head, ...renderObject(AgentConfig, '')].join('\n')}\n`;
}

function renderObject(schema: TSchema, indent: string): readonly string[] {
  if (!IsObject(schema)) return [];
  return Object.entries<TSchema>(schema.properties).flatMap(([name, child]) => {
    const gap = indent === '' ? [''] : [];
    if (IsObject(child)) return [...gap, `${indent}${name}:`, ...renderObject(child, `${indent}  `)];
    const { default: value } = annotationsOf(child);
    const line = value === undefined ? `# ${name}:` : `${name}: ${renderScalar(value)}`;
    return [...gap, `${indent}# ${explain(name, child)}`, `${indent}${line}`, ...renderEntry(child, indent)];
  });
}

/** How one entry of a list of objects looks, as a comment. */
function renderEntry(schema: TSchema, indent: string): readonly string[] {
  if (!IsArray(schema) || !IsObject(schema.items)) return [];
  return Object.entries<TSchema>(schema.items.properties).flatMap(([name, child], index) => {
    const { default: value } = annotationsOf(child);
    const shown = value === undefined ? '' : ` ${renderScalar(value)}`;
    return [
      `${indent}#     # ${explain(name, child)}`,
      `${indent}#   ${index === 0 ? '-' : ' '} ${name}:${shown}`,
    ];
  });
}

function explain(name: string, schema: TSchema): string {
  const { description } = annotationsOf(schema);
  const type = `(${describeType(schema)}${describeUnit(name)})`;
  return description === undefined ? type : `${description} ${type}`;
}

const UNITS: readonly (readonly [suffix: string, unit: string])[] = [
  ['BytesPerSec', 'bytes a second'],
  ['Sec', 'seconds'],
  ['Bytes', 'bytes'],
];

/** The unit stands in the name. */
function describeUnit(name: string): string {
  const unit = UNITS.find(([suffix]) => name.endsWith(suffix))?.[1];
  return unit === undefined ? '' : `, ${unit}`;
}

function renderScalar(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[A-Za-z/][\w./:-]*$/.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function describeType(schema: TSchema): string {
  const { type, enum: allowed, const: only, minimum, maximum } = annotationsOf(schema);
  if (only !== undefined) return `always ${only}`;
  if (allowed !== undefined) return `one of ${allowed.join(', ')}`;
  if (IsArray(schema)) return 'list';
  if (type === 'boolean') return 'true or false';
  if (type === 'string') return 'text';
  const range = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(maximum === undefined ? [] : [`to ${maximum}`]),
  ];
  return [type, ...range].join(' ');
}

function describeDefault({ schema, isOptional }: ConfigKey): string {
  const { default: value } = annotationsOf(schema);
  if (value !== undefined) return `, default ${renderScalar(value)}`;
  return isOptional ? ', may be left out' : ', required';
}
