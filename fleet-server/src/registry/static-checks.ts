import { findLineageProblems } from '@watchpost/shared/bundle/lineage.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { findMissingSections } from '@watchpost/shared/bundle/model-card.ts';
import type { ValidationCheck } from '@watchpost/shared/bundle/validation-report.ts';
import { listProblems } from '@watchpost/shared/kernel/parse.ts';
import { scanOnnx } from './onnx-graph-scan.ts';
import { describeOnnx, findOnnxProblems } from './onnx-policy.ts';

/** What can be told from a model file before any of it is run. */
export function checkOnnxFile(path: string, bytes: Uint8Array, { files }: Manifest): ValidationCheck {
  const scan = scanOnnx(bytes);
  const problems = findOnnxProblems(
    scan,
    files.map((file) => file.path),
  );
  const facts = scan.kind === 'scanned' ? describeOnnx(scan.facts) : '';
  return {
    name: `${path}: graph`,
    passed: problems.length === 0,
    detail: problems.length === 0 ? facts : problems.join('; '),
  };
}

export function checkLineage({ lineage }: Manifest): ValidationCheck {
  const problems = findLineageProblems(lineage);
  const keys = Object.keys(lineage).length;
  return {
    name: 'lineage',
    passed: problems.length === 0,
    detail: problems.length === 0 ? `${keys} keys` : listProblems(problems),
  };
}

/** @param card undefined when the bundle has none */
export function warnAboutCard(card: string | undefined): readonly string[] {
  if (card === undefined) return ['the bundle has no model card'];
  const missing = findMissingSections(card);
  return missing.length === 0 ? [] : [`the model card lacks: ${missing.join(', ')}`];
}
