import type { ModelVersionView } from '@watchpost/shared/api/models.ts';
import { ModelView } from '@watchpost/shared/api/models.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import { formatTable } from './table.ts';

export interface NamedVersion {
  readonly model: string;
  readonly version: string;
}

/** `NAME@VERSION`. @throws AppError USAGE */
export function parseVersionName(text: string): NamedVersion {
  const at = text.indexOf('@');
  if (at < 1 || at === text.length - 1)
    throw serverError('USAGE', `"${text}" is not NAME@VERSION, as \`fleetctl model list\` shows it`);
  return { model: text.slice(0, at), version: text.slice(at + 1) };
}

export const modelPath = (model: string): string => `models/${encodeURIComponent(model)}`;
export const versionPath = ({ model, version }: NamedVersion): string =>
  `${modelPath(model)}/versions/${encodeURIComponent(version)}`;

export const loadModel = (api: ApiClient, model: string): Promise<ModelView> =>
  api.get(modelPath(model), ModelView);

export function formatVersions(versions: readonly ModelVersionView[]): string {
  const rows = versions.map(({ model, version, state, author = '', aliases, digest }) => [
    `${model}@${version}`,
    state,
    author,
    aliases.join(' '),
    digest.slice(0, 12),
  ]);
  return formatTable(['VERSION', 'STATE', 'AUTHOR', 'ALIASES', 'DIGEST'], rows);
}

export const formatTime = (atMs: number): string => new Date(atMs).toISOString();
