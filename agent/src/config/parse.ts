import { findCameraProblems } from '@watchpost/shared/config/camera-rules.ts';
import { findSchemaProblems, isRecord } from '@watchpost/shared/config/find-problems.ts';
import type { Problem } from '@watchpost/shared/kernel/parse.ts';
import Value from 'typebox/value';
import { agentError } from '../kernel/errors.ts';
import { type ConfigInput, type ConfigProblem, type Layer, mergeTrees, readLayers } from './layers.ts';
import { AgentConfig } from './schema.ts';

/**
 * Defaults < file < fleet < environment < flags, checked and frozen.
 * @throws AppError CONFIG_INVALID: one line for every problem, with its path and its source
 */
export function parseAgentConfig(input: ConfigInput): AgentConfig {
  const layers = readLayers(input);
  const given = layers.map(({ tree }) => tree).reduce(mergeTrees, {});
  const value = Value.Default(AgentConfig, Value.Clone(given));
  const broken = [
    ...findSchemaProblems(AgentConfig, value),
    ...findCameraProblems(isRecord(value) ? value.cameras : undefined),
  ];
  const problems = [
    ...layers.flatMap((layer) => layer.problems),
    ...broken.map((problem) => withSource(problem, layers)),
  ];
  if (problems.length > 0) throw agentError('CONFIG_INVALID', formatProblems(problems));
  return deepFreeze(value as AgentConfig);
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

export function formatProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ path, message, source }) => `\n  ${path} ${message} (${source})`);
  return `the configuration has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}:${lines.join('')}`;
}

function deepFreeze<Tree>(tree: Tree): Tree {
  if (typeof tree === 'object' && tree !== null) Object.values(tree).forEach(deepFreeze);
  return Object.freeze(tree);
}
