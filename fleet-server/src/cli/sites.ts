import { SiteList, type SiteRequest, SiteView } from '@watchpost/shared/api/targeting.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { serverError } from '../kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, OptionValues } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable } from './table.ts';
import { countDevices } from './target-text.ts';

const WIDTH = 100;

export const siteList: Command = {
  description: 'Lists the sites where devices stand.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('sites', SiteList));
    const rows = json.sites.map(({ id, name, timezone, devices, address = '-' }) => [
      ...[id, name, timezone, String(devices)],
      address,
    ]);
    return { text: fitTable(['SITE', 'NAME', 'TIME ZONE', 'DEVICES', 'ADDRESS'], rows, WIDTH), json };
  },
};

export const siteSet: Command = {
  description: `Makes a site, or changes one: what is not given stays. The time zone counts where a rollout waits for the night of the
site.`,
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    name: { value: 'NAME', description: 'for people; a new site has its id until it is given' },
    timezone: { value: 'ZONE', description: 'IANA name: Europe/Madrid; a new site needs it' },
    address: { value: 'TEXT', description: 'where it is, in words' },
    position: { value: 'LAT,LON', description: 'where it is, in degrees: 41.39,2.17' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const path = `sites/${encodeURIComponent(id)}`;
    const given = readSite(input.values);
    const json = await withServer(input, async (api) => {
      const { id: _id, devices: _devices, ...before } = (await findSite(api, path)) ?? { id, devices: 0 };
      const site = { name: id, ...before, ...given };
      if (!('timezone' in site)) throw serverError('USAGE', '--timezone is missing: the site is new');
      return api.replace(path, site, SiteView);
    });
    return { text: `site ${json.id}: ${json.name}, ${json.timezone}, ${countDevices(json.devices)}`, json };
  },
};

export const siteDelete: Command = {
  description: 'Deletes a site where no device stands.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    await withServer(input, (api) => api.delete(`sites/${encodeURIComponent(id)}`));
    return { text: `site ${id} is deleted`, json: { deleted: id } };
  },
};

async function findSite(api: ApiClient, path: string): Promise<SiteView | undefined> {
  try {
    return await api.get(path, SiteView);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    return undefined;
  }
}

/** @throws AppError USAGE */
function readSite(values: OptionValues): Partial<SiteRequest> {
  const [name, timezone, address] = ['name', 'timezone', 'address'].map((option) => values.text(option));
  const position = values.text('position');
  return {
    ...(name !== undefined && { name }),
    ...(timezone !== undefined && { timezone }),
    ...(address !== undefined && { address }),
    ...(position !== undefined && readPosition(position)),
  };
}

function readPosition(text: string): Pick<SiteRequest, 'lat' | 'lon'> {
  const [, lat, lon] = /^(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (lat === undefined || lon === undefined)
    throw serverError('USAGE', `--position "${text}" is not LAT,LON as 41.39,2.17 is`);
  return { lat: Number(lat), lon: Number(lon) };
}
