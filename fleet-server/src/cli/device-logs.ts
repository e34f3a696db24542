import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { createJsonParser, parseJson } from '@watchpost/shared/kernel/parse.ts';
import { MAX_LOG_LINES } from '@watchpost/shared/messages/command.ts';
import Type from 'typebox';
import { serverError } from '../kernel/errors.ts';
import { doCommand, fetchCommandFile } from './cmd-order.ts';
import type { Command } from './command.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

const DEFAULT_LINES = 100;
/** A bundle unpacked; a device that sends more is not believed. */
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

const decompress = promisify(gunzip);
const parseBundle = createJsonParser(Type.Object({ log: Type.Array(Type.String()) }), 'log of the device');

export const deviceLogs: Command = {
  description: `Shows the newest lines of a device's log, as JSON lines, oldest first; what opens anything is hidden. They come
from the memory of the agent that runs.`,
  positionals: ['ID'],
  options: {
    ...SERVER_OPTIONS,
    lines: { value: 'N', description: `how many, up to ${MAX_LOG_LINES}; default ${DEFAULT_LINES}` },
  },
  run: async (input) => {
    const [id = ''] = input.positionals;
    const args = { parts: ['log'], lines: input.values.integer('lines', DEFAULT_LINES) };
    const { log } = await withServer(input, async (api) => {
      const command = await doCommand(api, id, { name: 'diagnostics', args, expiresSec: 60 });
      return parseBundle(await unpack(await fetchCommandFile(api, command)));
    });
    return { text: log.join('\n'), json: { lines: log.map((line) => parseJson(line, 'line of a log')) } };
  },
};

async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  return decompress(bytes, { maxOutputLength: MAX_BUNDLE_BYTES }).catch((cause: unknown) => {
    throw serverError('COMMAND_FAILED', 'the diagnostics of the device cannot be unpacked', { cause });
  });
}
