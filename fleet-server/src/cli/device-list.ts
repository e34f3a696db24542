import { DeviceList, type DeviceView } from '@watchpost/shared/api/fleet.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { formatTable } from './table.ts';

const HEADER = ['DEVICE', 'CONNECTION', 'BUNDLE', 'DEPLOYMENT', 'CAMERAS', 'LAST SEEN'];

export const deviceList: Command = {
  description: 'Lists every device.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('devices', DeviceList));
    return { text: formatTable(HEADER, json.devices.map(formatRow)), json };
  },
};

function formatRow(device: DeviceView): readonly string[] {
  const { activeBundle: active, deployment, lastSeenMs } = device;
  return [
    device.id,
    device.connection,
    active === undefined ? '-' : `${active.model}@${active.version}`,
    deployment === undefined ? '-' : `${deployment.model}@${deployment.version} ${deployment.state}`,
    String(device.cameras.length),
    lastSeenMs === undefined ? '-' : new Date(lastSeenMs).toISOString(),
  ];
}
