import { createProblemFinder, type Problem } from '@watchpost/shared/kernel/parse.ts';
import { IsArray, IsObject, type TSchema } from 'typebox';
import Value from 'typebox/value';
import { agentError } from '../kernel/errors.ts';
import {
  type ConfigInput,
  type ConfigProblem,
  isRecord,
  type Layer,
  mergeTrees,
  readLayers,
} from './layers.ts';
import { AgentConfig, type CameraConfig } from './schema.ts';

/**
 * Defaults < file < environment < flags, checked and frozen.
 * @throws AppError CONFIG_INVALID: one line for every problem, with its path and its source
 */
export function parseAgentConfig(input: ConfigInput): AgentConfig {
  const layers = readLayers(input);
  const given = layers.map(({ tree }) => tree).reduce(mergeTrees, {});
  const value = Value.Default(AgentConfig, Value.Clone(given));
  const broken = findProblems(AgentConfig, value);
  const problems = [
    ...layers.flatMap((layer) => layer.problems),
    ...[...broken, ...findContradictions(value)].map((problem) => withSource(problem, layers)),
  ];
  if (problems.length > 0) throw agentError('CONFIG_INVALID', formatProblems(problems));
  return deepFreeze(value as AgentConfig);
}

/** The validator stops after a few problems, so each part that fails is asked for itself. */
function findProblems(schema: TSchema, value: unknown, path = ''): readonly Problem[] {
  const own = createProblemFinder(schema)(value).map((problem) => ({
    ...problem,
    path: `${path}${problem.path === '/' ? '' : problem.path}`,
  }));
  if (own.length === 0) return [];
  const inner = childrenOf(schema, value).flatMap(([name, child, childValue]) =>
    findProblems(child, childValue, `${path}/${name}`),
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

const SOURCE_KEYS = ['url', 'device', 'file'] as const satisfies readonly (keyof CameraConfig)[];

/** What the schema cannot say: one source for each camera, ids once, no secrets in addresses. */
function findContradictions(value: unknown): readonly Problem[] {
  const cameras = isRecord(value) && Array.isArray(value.cameras) ? value.cameras.filter(isRecord) : [];
  const ids = cameras.map(({ id }) => id);
  return cameras.flatMap((camera, index) => {
    const path = `/cameras/${index}`;
    const sources = SOURCE_KEYS.filter((key) => camera[key] !== undefined);
    const problems: Problem[] = [];
    if (sources.length !== 1) {
      const found = sources.length === 0 ? 'none is given' : `${sources.join(' and ')} are given`;
      problems.push({ path, message: `needs exactly one of url, device and file; ${found}` });
    }
    if (camera.id !== undefined && ids.indexOf(camera.id) !== index) {
      problems.push({ path: `${path}/id`, message: 'is the id of another camera too' });
    }
    if (/^[a-z]+:\/\/[^/]*@/.test(String(camera.url))) {
      problems.push({ path: `${path}/url`, message: 'must not carry a password: use credentialsFile' });
    }
    return problems;
  });
}

/** The topmost layer that holds the value at the path, or else what stands around it. */
function withSource({ path, message }: Problem, layers: readonly Layer[]): ConfigProblem {
  const parts = path.split('/').slice(1);
  const dotted = parts.join('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const layer = layers.findLast(({ tree }) => holds(tree, parts.slice(0, length)));
    if (layer !== undefined) return { path: dotted, message, source: layer.sourceOf(dotted) };
  }
  return { path: dotted, message, source: 'defaults' };
}

function holds(tree: unknown, parts: readonly string[]): boolean {
  const found = parts.reduce<unknown>(
    (inner, part) => (inner as Record<string, unknown> | undefined)?.[part],
    tree,
  );
  return found !== undefined;
}

function formatProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ path, message, source }) => `\n  ${path} ${message} (${source})`);
  return `the configuration has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}:${lines.join('')}`;
}

function deepFreeze<Tree>(tree: Tree): Tree {
  if (typeof tree === 'object' && tree !== null) Object.values(tree).forEach(deepFreeze);
  return Object.freeze(tree);
}
