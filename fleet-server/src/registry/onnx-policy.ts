import { isSafeBundlePath } from '@watchpost/shared/bundle/paths.ts';
import type { OnnxFacts, OnnxScan } from './onnx-graph-scan.ts';

/** What the runtime of the boxes is known to run. */
const OPSETS = { lowest: 7, highest: 26 };
/** Operators of these domains come with the runtime; any other would need code that is not in the bundle. */
const DOMAINS: ReadonlySet<string> = new Set([
  'ai.onnx',
  'ai.onnx.ml',
  'com.microsoft',
  'com.microsoft.nchwc',
]);

/** Why a model file must not be loaded; empty when nothing speaks against it. */
export function findOnnxProblems(scan: OnnxScan, bundlePaths: readonly string[]): readonly string[] {
  if (scan.kind === 'unreadable') return [`it is no sound ONNX file: ${scan.reason}`];
  return [
    ...findOpsetProblems(scan.facts),
    ...findOperatorProblems(scan.facts),
    ...[...new Set(scan.facts.externalPaths)].flatMap((path) => findPathProblem(path, bundlePaths)),
  ];
}

function findOpsetProblems({ opsets }: OnnxFacts): readonly string[] {
  const standard = opsets.get('ai.onnx');
  if (standard === undefined) return ['it names no version of the standard operators'];
  if (standard >= OPSETS.lowest && standard <= OPSETS.highest) return [];
  return [`opset ${standard} is not between ${OPSETS.lowest} and ${OPSETS.highest}`];
}

function findOperatorProblems({ operators }: OnnxFacts): readonly string[] {
  const foreign = [...operators].filter((name) => !DOMAINS.has(name.slice(0, name.lastIndexOf(':'))));
  return foreign.length === 0 ? [] : [`operators of foreign domains: ${foreign.slice(0, 10).join(', ')}`];
}

function findPathProblem(path: string, bundlePaths: readonly string[]): readonly string[] {
  const shown = JSON.stringify(path.slice(0, 200));
  if (!isSafeBundlePath(path)) return [`weights at ${shown} lie outside the bundle`];
  return bundlePaths.includes(path) ? [] : [`weights at ${shown} are not a file of the bundle`];
}

export function describeOnnx({ opsets, operators }: OnnxFacts): string {
  const sets = [...opsets].map(([domain, version]) => `${domain} ${version}`).join(', ');
  return `${operators.size} operators of ${sets}`;
}
