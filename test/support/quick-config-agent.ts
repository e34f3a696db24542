import { once } from 'node:events';
import { openSettings } from '../../agent/src/composition/settings.ts';
import { createComposeConfig } from '../../agent/src/config/compose-config.ts';
import { readConfigInput } from '../../agent/src/config/yaml-config.ts';
import { createPinoLogger } from '../../agent/src/kernel/pino-logger.ts';
import { startAgent } from '../../agent/src/main.ts';

/** `watchpost-agent run`, but that new settings have two seconds to prove good. Argument: the configuration file. */
const [file = ''] = process.argv.slice(2);
const log = createPinoLogger('info');
const settings = await openSettings(createComposeConfig(await readConfigInput({ file })), log);
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const limits = { confirmMs: 2_000, lookMs: 50 };
const stop = await startAgent({ ...settings, limits }, log, stopping.signal);
log.info({}, 'agent ready');
if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
await stop();
