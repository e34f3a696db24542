import { StagingReply, type TargetRequest } from '@watchpost/shared/api/trust.ts';
import type { Command, CommandInput } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { describeStaging } from './staging-text.ts';

export const targetAdd: Command = {
  description: 'Stages the next models with a bundle of the registry. Boxes take it when models is signed.',
  positionals: ['DIGEST'],
  options: SERVER_OPTIONS,
  run: (input) => change(input, { kind: 'add', digest: input.positionals[0] ?? '' }),
};

export const targetRemove: Command = {
  description: 'Stages the next models without a target: no box installs it any more once models is signed.',
  positionals: ['models/NAME/VERSION'],
  options: SERVER_OPTIONS,
  run: (input) => change(input, { kind: 'remove', target: input.positionals[0] ?? '' }),
};

async function change(input: CommandInput, request: TargetRequest) {
  const json = await withServer(input, (api) => api.post('trust/targets', request, StagingReply));
  return { text: describeStaging(json), json };
}
