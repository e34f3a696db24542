#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { OWN_COMMANDS, SETTINGS_COMMANDS } from './cli/commands.ts';
import { PROFILE_VARIABLE } from './config/keys.ts';

const HELP = `watchpost-agent: classifies the cameras beside this box and reports to the fleet server

  watchpost-agent run    [--config FILE] [--set KEY=VALUE ...]
      run until told to stop; the log is lines of JSON, with --json or without
  watchpost-agent enrol  [--config FILE] [--set ...] [--token-file FILE] [--json]
      join the fleet with a one-time token, read from FILE or standard input
  watchpost-agent enrol  --request ...
      ask to join without a token, and wait until a person accepts the fingerprint shown
  watchpost-agent provision [--config FILE] [--json] FILE ...
      make settings of the first provisioning FILE there is, join the fleet, and take it away
  watchpost-agent fingerprint [--config FILE] [--set ...] [--json]
      id and fingerprint of this box, as a line for the preauthorised list
  watchpost-agent config [--config FILE] [--set ...] [--json] [--sample]
      check and show the settings, every key explained; --sample prints a file
  watchpost-agent doctor [--config FILE] [--set ...] [--json]
      what is wrong with this box, camera by camera, and what to do; exit code 1: there are problems
  watchpost-agent discover --help
      find the ONVIF cameras of the network, choose their best streams, print them for agent.yaml
  watchpost-agent replay --help
      run a model over pictures or a video
  watchpost-agent bench --help
      how many cameras this box carries with a model, and the best settings for them
  watchpost-agent validate --bundle DIR [--json]
      load every variant of a bundle as "run" does, and tell whether a box may trust it

Settings: defaults < profile of the board (--profile FILE|FOLDER, or WATCHPOST_PROFILE) < YAML file
< environment (WATCHPOST_SERVER_URL ...) < --set. Exit code: 0 done, 1 failed, 2 wrong use or bad
input.
`;

/** @returns undefined for a name that is not in the table */
function find<Command>(table: Readonly<Record<string, Command>>, name = ''): Command | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const own = find(OWN_COMMANDS, command);
  if (own !== undefined) return own(rest);
  const { values } = parseArgs({
    args: [...rest],
    options: {
      config: { type: 'string' },
      profile: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      'token-file': { type: 'string' },
      request: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      sample: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const profile = values.profile ?? process.env[PROFILE_VARIABLE] ?? '';
  const sources = {
    ...(values.config === undefined ? {} : { file: values.config }),
    ...(profile === '' ? {} : { profile }),
    env: process.env,
    flags: values.set,
  };
  if (command === undefined || values.help || command === 'help' || command === '--help') {
    process.stdout.write(HELP);
    return command === undefined ? 2 : 0;
  }
  const run = find(SETTINGS_COMMANDS, command);
  if (run !== undefined) return run(sources, values);
  process.stderr.write(`watchpost-agent: no command "${command}"; see --help\n`);
  return 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !isAppError(error)) throw error;
  process.stderr.write(`watchpost-agent: ${describeError(error)}\n`);
  process.exitCode =
    isUsage || isAppError(error, 'CONFIG_INVALID', 'CONFIG_UNREADABLE', 'USAGE_INVALID') ? 2 : 1;
}
