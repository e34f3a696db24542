import { once } from 'node:events';
import { type ConfigSources, loadAgentConfig } from '../config/yaml-config.ts';
import { createPinoLogger } from '../kernel/pino-logger.ts';
import { endWithin, exitOnBug } from '../kernel/process-end.ts';
import { AGENT_VERSION } from '../kernel/version.ts';
import { startAgent } from '../main.ts';

/** Shorter than TimeoutStopSec of the unit. */
const STOP_WITHIN_MS = 25_000;

/** `watchpost-agent run`: until SIGTERM or SIGINT. @returns the exit code */
export async function runAgentCommand(sources: ConfigSources): Promise<number> {
  const config = await loadAgentConfig(sources);
  const log = createPinoLogger(config.log.level);
  exitOnBug(log);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      endWithin(STOP_WITHIN_MS, log);
      stopping.abort(signal);
    });
  }
  const stop = await startAgent(config, log, stopping.signal);
  log.info({ version: AGENT_VERSION, cameras: config.cameras.length }, 'agent ready');
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  log.info({ signal: stopping.signal.reason }, 'agent stopping');
  await stop();
  log.info({}, 'agent stopped');
  return 0;
}
