import { TokenReply } from '@watchpost/shared/api/registry.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const DEFAULT_TTL_MINUTES = 60;

export const tokenCreate: Command = {
  description: 'Makes a token that enrols one box.',
  positionals: [],
  options: {
    ...SERVER_OPTIONS,
    'ttl-minutes': { value: 'N', description: `how long it may be used; default ${DEFAULT_TTL_MINUTES}` },
  },
  run: async (input) => {
    const ttlMinutes = input.values.integer('ttl-minutes', DEFAULT_TTL_MINUTES);
    const json = await withServer(input, (api) => api.post('enrolment-tokens', { ttlMinutes }, TokenReply));
    return { text: json.token, json };
  },
};
