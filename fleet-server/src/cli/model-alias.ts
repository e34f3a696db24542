import { ModelView } from '@watchpost/shared/api/models.ts';
import type { Command } from './command.ts';
import { formatTime, formatVersions, loadModel, modelPath } from './model-names.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

export const modelAlias: Command = {
  description: 'Points champion or challenger at a version of a model, or at none.',
  positionals: ['NAME', 'ALIAS', '[VERSION]'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [name = '', alias = '', version] = input.positionals;
    const path = `${modelPath(name)}/aliases/${encodeURIComponent(alias)}`;
    const json = await withServer(input, (api) => api.post(path, { version }, ModelView));
    return { text: formatVersions(json.versions), json };
  },
};

export const modelHistory: Command = {
  description: 'Shows where the aliases of a model pointed, and when its versions were pushed and released.',
  positionals: ['NAME'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => loadModel(api, input.positionals[0] ?? ''));
    const rows = json.aliasHistory.map(({ alias, from = '-', to = '-', by, atMs }) => [
      formatTime(atMs),
      alias,
      `${from} -> ${to}`,
      by,
    ]);
    const pushed = json.versions.map(({ version, createdAtMs, author = '-', releasedAtMs }) => [
      formatTime(createdAtMs),
      'pushed',
      releasedAtMs === undefined ? version : `${version}, released ${formatTime(releasedAtMs)}`,
      author,
    ]);
    const ordered = [...rows, ...pushed].sort(([one = ''], [other = '']) => (one < other ? -1 : 1));
    return { text: formatTable(['TIME', 'WHAT', 'CHANGE', 'BY'], ordered), json };
  },
};
