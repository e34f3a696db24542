import { once } from 'node:events';
import { openSettings } from '../composition/settings.ts';
import { createComposeConfig } from '../config/compose-config.ts';
import { type ConfigSources, readConfigInput } from '../config/yaml-config.ts';
import { createLogRing } from '../kernel/log-ring.ts';
import { createPinoLogger, createStdoutWith } from '../kernel/pino-logger.ts';
import { endWithin, exitOnBug } from '../kernel/process-end.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { startAgent } from '../main.ts';

/** Shorter than TimeoutStopSec of the unit. */
const STOP_WITHIN_MS = 25_000;

/** `watchpost-agent run`: until SIGTERM or SIGINT. @returns the exit code */
export async function runAgentCommand(sources: ConfigSources): Promise<number> {
  // Meant for this process, which has it since it began: decoders of many threads are quicker without.
  Reflect.deleteProperty(process.env, 'MALLOC_ARENA_MAX');
  const compose = createComposeConfig(await readConfigInput(sources));
  const ring = createLogRing();
  const log = createPinoLogger(compose().log.level, createStdoutWith(ring));
  exitOnBug(log);
  const settings = await openSettings(compose, log);
  const { config } = settings;
  const stopping = new AbortController();
  const end = (why: string): void => {
    endWithin(STOP_WITHIN_MS, log);
    stopping.abort(why);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  const stop = await startAgent(settings, log, stopping.signal, {
    recentLog: ring.recent,
    ...(isSupervised() && { restart: () => end('command') }),
  });
  log.info({ version: AGENT_VERSION, cameras: config.cameras.length }, 'agent ready');
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  log.info({ signal: stopping.signal.reason }, 'agent stopping');
  await stop();
  log.info({}, 'agent stopped');
  return 0;
}

/** Whether systemd watches this process, and so starts it again. Its INVOCATION_ID reaches shells of people as well. */
const isSupervised = (): boolean => process.env.NOTIFY_SOCKET !== undefined;
