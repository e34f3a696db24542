import {
  type DeploymentHistoryPage,
  DeploymentHistoryPage as Page,
} from '@watchpost/shared/api/deployments.ts';
import type { ApiClient } from './api-client.ts';
import type { Command } from './command.ts';
import { formatDeployment } from './deployment-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const DEFAULT_SHOWN = 3;

export const deviceDeployments: Command = {
  description: `Shows what a device was ordered to run and what it told of it, newest first: self-test, shadow, switch,
probation and rollback with their numbers. A soft order waits for quiet before its self-test; what a download-only order brought
is kept.`,
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    limit: { value: 'COUNT', description: `deployments of a page, at most 20; default ${DEFAULT_SHOWN}` },
    before: { value: 'NEXT', description: 'the page that follows the one that named NEXT' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const search = new URLSearchParams({ limit: String(input.values.integer('limit', DEFAULT_SHOWN)) });
    const before = input.values.text('before');
    if (before !== undefined) search.set('before', before);
    const json = await withServer(input, (api) => loadDeployments(api, id, search));
    const more = json.next === undefined ? [] : [`There are older ones: --before ${json.next}`];
    const text = [...json.deployments.map(formatDeployment), ...more].join('\n\n');
    return { text: text === '' ? `${id} was never ordered to run anything` : text, json };
  },
};

export const loadDeployments = (
  api: ApiClient,
  id: string,
  search: URLSearchParams,
): Promise<DeploymentHistoryPage> => api.get(`devices/${encodeURIComponent(id)}/deployments?${search}`, Page);
