import {
  DeviceGroupList,
  type DeviceGroupRequest,
  DeviceGroupView,
  FilterPreview,
} from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, OptionValues } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable, wrapText } from './table.ts';
import { countDevices, formatPreview } from './target-text.ts';

const WIDTH = 100;
const SHOWN = 1000;

const pathOf = (id: string): string => `groups/${encodeURIComponent(id)}`;

export const groupList: Command = {
  description: 'Lists the device groups.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('groups', DeviceGroupList));
    const rows = json.groups.map((group) => [
      group.id,
      String(group.members),
      describeRule(group),
      group.description ?? '',
    ]);
    return { text: fitTable(['GROUP', 'DEVICES', 'WHO', 'DESCRIPTION'], rows, WIDTH), json };
  },
};

export const groupShow: Command = {
  description: 'Shows a device group and the devices in it that may be given orders.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    const json = await withServer(input, async (api) => {
      const group = await api.get(pathOf(id), DeviceGroupView);
      const body = { filter: `group:${group.id}`, limit: SHOWN };
      return { group, preview: await api.post('filters/preview', body, FilterPreview) };
    });
    const { description } = json.group;
    const about = `group ${id}: ${describeRule(json.group)}${description === undefined ? '' : `; ${description}`}`;
    return { text: [...wrapText(about, WIDTH), formatPreview(json.preview)].join('\n'), json };
  },
};

export const groupCreate: Command = {
  description: `Makes a group of the devices named, or of those that meet a filter at any time; a group of this id is replaced. Filters
speak of it as group:ID.`,
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    filter: { value: 'FILTER', description: 'whatever device meets it: \'site == "bcn-1" and not tag:lab\'' },
    device: { value: 'ID', description: 'one device; may be given several times', multiple: true },
    description: { value: 'TEXT', description: 'what it is for' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const group = readGroup(input.values);
    const json = await withServer(input, (api) => api.replace(pathOf(id), group, DeviceGroupView));
    return { text: `group ${id}: ${countDevices(json.members)} may be given orders`, json };
  },
};

export const groupDelete: Command = {
  description: 'Deletes a device group that no filter names; its devices stay.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    await withServer(input, (api) => api.delete(pathOf(id)));
    return { text: `group ${id} is deleted`, json: { deleted: id } };
  },
};

const describeRule = ({ filter, devices = [] }: DeviceGroupRequest): string =>
  filter ?? `${countDevices(devices.length)} by name`;

/** @throws AppError USAGE */
function readGroup(values: OptionValues): DeviceGroupRequest {
  const [filter, description] = [values.text('filter'), values.text('description')];
  const devices = values.texts('device');
  if ((filter === undefined) === (devices.length === 0))
    throw serverError('USAGE', 'give either --filter or --device');
  return {
    ...(filter === undefined ? { devices: [...devices] } : { filter }),
    ...(description !== undefined && { description }),
  };
}
