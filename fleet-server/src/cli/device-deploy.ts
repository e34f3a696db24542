import { DeploymentView } from '@watchpost/shared/api/registry.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const deviceDeploy: Command = {
  description: 'Orders a device to run a bundle.',
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    bundle: { value: 'DIGEST', description: 'digest of the bundle, as `fleetctl bundle list` shows it' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const bundleDigest = input.values.requireText('bundle');
    const path = `devices/${encodeURIComponent(id)}/deployments`;
    const json = await withServer(input, (api) => api.post(path, { bundleDigest }, DeploymentView));
    return { text: `deployment ${json.id} of ${bundleDigest} to ${id} is ${json.state}`, json };
  },
};
