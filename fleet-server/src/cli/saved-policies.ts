import { SavedPolicy, SavedPolicyList } from '@watchpost/shared/api/targeting.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable } from './table.ts';
import { formatSettings } from './yaml-settings-file.ts';

const WIDTH = 100;

export const policyList: Command = {
  description: 'Lists the policies of rollouts that have a name; `fleetctl apply` makes them.',
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get('policies', SavedPolicyList));
    const rows = json.policies.map(({ id, policy }) => [
      id,
      `${policy.successThreshold}`,
      `${policy.errorThreshold}`,
      `${policy.soakSeconds} s`,
      policy.onError,
      policy.gates.map(({ gate }) => gate).join(', ') || '-',
    ]);
    return { text: fitTable(['POLICY', 'SUCCESS', 'ERROR', 'SOAK', 'ON ERROR', 'GATES'], rows, WIDTH), json };
  },
};

export const policyShow: Command = {
  description: 'Shows a policy as `fleetctl apply` takes it.',
  positionals: ['NAME'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.get(pathOf(input.positionals), SavedPolicy));
    return { text: formatSettings({ policies: { [json.id]: json.policy } }), json };
  },
};

export const policyDelete: Command = {
  description: 'Forgets a policy; rollouts that were made with it keep it.',
  positionals: ['NAME'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    await withServer(input, (api) => api.delete(pathOf(input.positionals)));
    return { text: `policy ${id} is forgotten`, json: { deleted: id } };
  },
};

const pathOf = ([id = '']: readonly string[]): string => `policies/${encodeURIComponent(id)}`;
