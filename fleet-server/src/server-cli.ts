#!/usr/bin/env node
import { once } from 'node:events';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import { describeServerFlags, parseServerFlags } from './config/flags.ts';
import type { ServerConfig } from './config/schema.ts';
import { serverError } from './kernel/errors.ts';
import { createPinoLogger } from './kernel/pino-logger.ts';
import { startServer } from './main.ts';
import { MASTER_KEY_VARIABLE } from './trust/file-online-keys.ts';

const HELP = `watchpost-server: the fleet server, with its MQTT broker and web page

${describeServerFlags()}
  --help                  this text

The key that opens the online trust keys may come in ${MASTER_KEY_VARIABLE}
(64 hexadecimal digits) instead of a file.

It runs until SIGTERM or SIGINT. Exit code: 0 stopped, 1 failed, 2 wrong settings.
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = parseServerFlags(args);
  const log = createPinoLogger(config.logLevel);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(signal));
  const server = await startServer(config, log, stopping.signal, { masterKey: takeMasterKey(config) });
  const { httpPort, mqttPort } = server;
  log.info(
    {
      url: `${config.plain ? 'http' : 'https'}://${config.host}:${httpPort}`,
      httpPort,
      mqttPort,
      fleet: config.fleet,
    },
    'server ready',
  );
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  log.info({ signal: stopping.signal.reason }, 'server stopping');
  await server.stop();
  log.info({}, 'server stopped');
  return 0;
}

/** Out of the environment for good: no child inherits it. */
function takeMasterKey({ masterKeyFile }: ServerConfig): string | undefined {
  const masterKey = process.env[MASTER_KEY_VARIABLE];
  delete process.env[MASTER_KEY_VARIABLE];
  if (masterKey !== undefined && masterKeyFile !== undefined)
    throw serverError('CONFIG_INVALID', `give either --master-key-file or ${MASTER_KEY_VARIABLE}`);
  return masterKey;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stderr.write(`watchpost-server: ${describeError(error)}\n`);
  process.exitCode = isAppError(error, 'CONFIG_INVALID', 'PLAIN_REFUSED') ? 2 : 1;
}
