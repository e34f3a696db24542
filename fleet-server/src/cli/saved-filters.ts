import { FilterPreview, SavedFilter, SavedFilterList } from '@watchpost/shared/api/targeting.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable, wrapText } from './table.ts';
import { formatPreview } from './target-text.ts';

const WIDTH = 100;
const LIMIT = {
  limit: { value: 'N', description: 'devices shown at most; default 20' },
} as const;
const DEFAULT_LIMIT = 20;

const pathOf = (id: string): string => `filters/${encodeURIComponent(id)}`;

export const filterList: Command = {
  description: 'Lists the saved filters.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('filters', SavedFilterList));
    const rows = json.filters.map(({ id, filter, description = '' }) => [id, filter, description]);
    return { text: fitTable(['NAME', 'FILTER', 'DESCRIPTION'], rows, WIDTH), json };
  },
};

export const filterShow: Command = {
  description: 'Shows a saved filter and the devices it means: those that may be given orders.',
  positionals: ['NAME'],
  options: { ...SERVER_OPTIONS, ...LIMIT },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const limit = input.values.integer('limit', DEFAULT_LIMIT);
    const json = await withServer(input, async (api) => {
      const saved = await api.get(pathOf(id), SavedFilter);
      const preview = await api.post('filters/preview', { filter: saved.filter, limit }, FilterPreview);
      return { saved, preview };
    });
    return { text: [...wrapText(json.saved.filter, WIDTH), formatPreview(json.preview)].join('\n'), json };
  },
};

export const filterSave: Command = {
  description: 'Saves a filter under a name, over one that has it.',
  positionals: ['NAME', 'FILTER'],
  options: { ...SERVER_OPTIONS, description: { value: 'TEXT', description: 'what it is for' } },
  run: async (input) => {
    const [id = '', filter = ''] = input.positionals;
    const description = input.values.text('description');
    const body = { filter, ...(description !== undefined && { description }) };
    const json = await withServer(input, (api) => api.replace(pathOf(id), body, SavedFilter));
    return { text: `filter ${id} is saved`, json };
  },
};

export const filterDelete: Command = {
  description: 'Forgets a saved filter.',
  positionals: ['NAME'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    await withServer(input, (api) => api.delete(pathOf(id)));
    return { text: `filter ${id} is forgotten`, json: { deleted: id } };
  },
};

export const filterPreview: Command = {
  description: `Shows which devices a filter means: those that may be given orders. Fields: id, site, board, arch, cores,
memoryBytes, agentVersion, model, version, connection, state, timezone, attrs.NAME; == != < <= > >= ~ "pat*" in (…) has; tag:NAME,
group:ID; and, or, not.`,
  positionals: ['FILTER'],
  options: { ...SERVER_OPTIONS, ...LIMIT },
  run: async (input) => {
    const [filter = ''] = input.positionals;
    const limit = input.values.integer('limit', DEFAULT_LIMIT);
    const json = await withServer(input, (api) =>
      api.post('filters/preview', { filter, limit }, FilterPreview),
    );
    return { text: formatPreview(json), json };
  },
};
