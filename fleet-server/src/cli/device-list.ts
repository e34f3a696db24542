import { DeviceList, type DeviceView } from '@watchpost/shared/api/fleet.ts';
import { SavedFilter } from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, OptionValues } from './command.ts';
import { formatSecond, printable, stateInWords } from './deployment-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable } from './table.ts';

const WIDTH = 100;
const HEADER = ['DEVICE', 'CONNECTION', 'SITE', 'TAGS', 'MODEL', 'LAST SEEN'];

export const deviceList: Command = {
  description: 'Lists devices: all of them, or those that meet a filter.',
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    filter: { value: 'FILTER', description: 'those that meet it: \'site == "bcn-1" and not tag:lab\'' },
    saved: { value: 'NAME', description: 'those that meet a saved filter' },
  },
  run: async (input) => {
    const json = await withServer(input, async (api) => {
      const filter = await readFilter(input.values, api);
      const query = filter === undefined ? '' : `?${new URLSearchParams({ filter })}`;
      return api.get(`devices${query}`, DeviceList);
    });
    return { text: fitTable(HEADER, json.devices.map(formatRow), WIDTH), json };
  },
};

/** @throws AppError USAGE */
async function readFilter(values: OptionValues, api: ApiClient): Promise<string | undefined> {
  const [filter, saved] = [values.text('filter'), values.text('saved')];
  if (filter !== undefined && saved !== undefined)
    throw serverError('USAGE', '--filter and --saved contradict each other');
  if (saved === undefined) return filter;
  return (await api.get(`filters/${encodeURIComponent(saved)}`, SavedFilter)).filter;
}

function formatRow(device: DeviceView): readonly string[] {
  const { metadata, lastSeenMs } = device;
  return [
    device.id,
    device.connection,
    metadata?.site ?? '-',
    metadata?.tags.join(', ') || '-',
    formatModel(device),
    lastSeenMs === undefined ? '-' : formatSecond(lastSeenMs),
  ].map(printable);
}

/** What runs, and what becomes of the order for another model. */
function formatModel({ activeBundle: active, deployment }: DeviceView): string {
  const runs = active === undefined ? '-' : `${active.model}@${active.version}`;
  if (deployment === undefined || deployment.bundleDigest === active?.digest) return runs;
  const wanted = deployment.model === active?.model ? '' : `${deployment.model}@`;
  return `${runs} > ${wanted}${deployment.version} ${stateInWords(deployment.state)}`;
}
