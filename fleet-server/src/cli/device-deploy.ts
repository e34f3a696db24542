import { DeploymentView } from '@watchpost/shared/api/registry.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

export const deviceDeploy: Command = {
  description: 'Orders a device to run a bundle.',
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    bundle: { value: 'DIGEST', description: 'digest of the bundle, as `fleetctl bundle list` shows it' },
    'retry-failed': { description: 'try it again, even if it failed on this device before' },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const bundleDigest = input.values.requireText('bundle');
    const body = { bundleDigest, ...(input.values.isSet('retry-failed') && { liftQuarantine: true }) };
    const path = `devices/${encodeURIComponent(id)}/deployments`;
    const json = await withServer(input, (api) => api.post(path, body, DeploymentView));
    return { text: `deployment ${json.id} of ${bundleDigest} to ${id} is ${json.state}`, json };
  },
};
