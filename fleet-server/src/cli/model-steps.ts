import { readFile } from 'node:fs/promises';
import { ModelVersionDetail } from '@watchpost/shared/api/models.ts';
import { serverError } from '../kernel/errors.ts';
import type { Command, CommandInput, OptionSpec } from './command.ts';
import { parseVersionName, versionPath } from './model-names.ts';
import { formatDetail } from './model-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const REASON = { value: 'TEXT', description: 'why; kept with the change' } satisfies OptionSpec;
/** The server gives up on a model before that. */
const VALIDATION_LIMIT_MS = 120_000;

export const modelValidate: Command = {
  description: 'Looks at a version again and waits for the result; a pushed version is looked at by itself.',
  positionals: ['NAME@VERSION'],
  options: SERVER_OPTIONS,
  run: (input) => step(input, { verb: 'validate', body: {}, limitMs: VALIDATION_LIMIT_MS }),
};

export const modelCertify: Command = {
  description:
    'Approves or rejects a validated version, with a written report. Needs the role qa; never the author.',
  positionals: ['NAME@VERSION'],
  options: {
    ...SERVER_OPTIONS,
    decision: { value: 'WHICH', description: 'approve or reject' },
    report: { value: 'FILE', description: 'text file with the report' },
  },
  run: async (input) => {
    const decision = input.values.requireText('decision');
    if (decision !== 'approve' && decision !== 'reject')
      throw serverError('USAGE', `--decision "${decision}" is neither approve nor reject`);
    const path = input.values.requireText('report');
    const report = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw serverError('FILE_UNREADABLE', `report ${path} cannot be read`, { cause });
    });
    return step(input, { verb: 'certify', body: { decision, report: report.trim() } });
  },
};

export const modelRelease = plainStep('release', 'Releases a certified version.');
export const modelWithdraw = plainStep('withdraw', 'Takes a released version back: it is deployed no more.');
export const modelArchive = plainStep('archive', 'Puts a version away for good.');

function plainStep(verb: string, description: string): Command {
  return {
    description,
    positionals: ['NAME@VERSION'],
    options: { ...SERVER_OPTIONS, reason: REASON },
    run: (input) => step(input, { verb, body: { reason: input.values.text('reason') ?? '' } }),
  };
}

interface Step {
  readonly verb: string;
  readonly body: object;
  readonly limitMs?: number;
}

async function step(input: CommandInput, { verb, body, limitMs }: Step) {
  const path = `${versionPath(parseVersionName(input.positionals[0] ?? ''))}/${verb}`;
  const json = await withServer(input, (api) => api.post(path, body, ModelVersionDetail, limitMs));
  return { text: formatDetail(json), json };
}
