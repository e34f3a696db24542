import { StagingReply } from '@watchpost/shared/api/trust.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';

export const directorAnnounce: Command = {
  description: `Stages the next targets with the list of the director's keys that the server holds. Once targets is signed,
boxes take orders by these keys only, and the server signs with the newest of them.`,
  positionals: [],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => api.post('trust/director', {}, StagingReply));
    return { text: describeStaging(json), json };
  },
};
