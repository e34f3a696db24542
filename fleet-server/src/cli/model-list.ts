import { ModelList } from '@watchpost/shared/api/models.ts';
import type { Command, CommandInput } from './command.ts';
import { formatVersions } from './model-names.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const modelList: Command = {
  description: 'Lists every version of every model.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: (input) => list(input, ''),
};

export const modelSearch: Command = {
  description:
    'Lists the versions with every word of TEXT in name, state, author, labels, lineage or metrics.',
  positionals: ['TEXT'],
  options: SERVER_OPTIONS,
  run: (input) => list(input, input.positionals[0] ?? ''),
};

async function list(input: CommandInput, search: string) {
  const path = `models?search=${encodeURIComponent(search)}`;
  const json = await withServer(input, (api) => api.get(path, ModelList));
  return { text: formatVersions(json.versions), json };
}
