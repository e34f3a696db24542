import type {
  AliasChange,
  ModelAlias,
  ModelVersionDetail,
  ModelVersionView,
} from '@watchpost/shared/api/models.ts';
import type { BundleView } from '@watchpost/shared/api/registry.ts';
import type { BundleRecord } from '../store/port.ts';
import type { VersionName } from './port.ts';

export function viewBundle({ digest, manifest, state, createdAtMs }: BundleRecord): BundleView {
  return {
    digest,
    model: manifest.model,
    version: manifest.version,
    releaseCounter: manifest.releaseCounter,
    state,
    sizeBytes: manifest.files.reduce((total, file) => total + file.sizeBytes, 0),
    labels: manifest.output.labels,
    createdAtMs,
  };
}

export function viewVersion(bundle: BundleRecord, aliases: readonly ModelAlias[]): ModelVersionView {
  const { pushedBy, releasedAtMs } = bundle;
  return {
    ...viewBundle(bundle),
    ...(pushedBy !== undefined && { author: pushedBy }),
    ...(releasedAtMs !== undefined && { releasedAtMs }),
    aliases: [...aliases],
  };
}

interface VersionFacts {
  readonly aliases: readonly ModelAlias[];
  readonly transitions: readonly ModelVersionDetail['transitions'][number][];
  readonly certifications: readonly ModelVersionDetail['certifications'][number][];
  readonly validation: ModelVersionDetail['validation'];
}

export function viewDetail(bundle: BundleRecord, facts: VersionFacts): ModelVersionDetail {
  const { manifest } = bundle;
  return {
    ...viewVersion(bundle, facts.aliases),
    lineage: manifest.lineage,
    metrics: manifest.metrics,
    transitions: [...facts.transitions],
    certifications: [...facts.certifications],
    ...(facts.validation !== undefined && { validation: facts.validation }),
  };
}

type OwnedChange = { readonly model: string; readonly change: AliasChange };

/** The aliases that point at a version now. @param changes oldest first */
export function findAliases(
  changes: readonly OwnedChange[],
  { model, version }: VersionName,
): readonly ModelAlias[] {
  const current = new Map<ModelAlias, string | undefined>();
  for (const { change, model: owner } of changes) if (owner === model) current.set(change.alias, change.to);
  return [...current].filter(([, to]) => to === version).map(([alias]) => alias);
}

/** Every word must stand somewhere in the names, labels, lineage or metrics, whatever its case. */
export function isFound({ manifest, state, pushedBy = '' }: BundleRecord, search: string): boolean {
  const { model, version, output, lineage, metrics } = manifest;
  const text = [`${model}@${version}`, state, pushedBy, ...output.labels, JSON.stringify([lineage, metrics])]
    .join('\n')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
