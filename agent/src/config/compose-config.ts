import { judgeFleetSettings } from '@watchpost/shared/config/fleet-settings.ts';
import { agentError } from '../kernel/errors.ts';
import type { ConfigInput } from './layers.ts';
import { formatProblems, parseAgentConfig } from './parse.ts';
import type { ComposeConfig, FleetDocument } from './port.ts';

/** Over what this box itself is told, which was read once. @throws AppError CONFIG_INVALID when that is not sound */
export function createComposeConfig(input: ConfigInput): ComposeConfig {
  const local = parseAgentConfig(input);
  return (document) => {
    if (document === undefined) return local;
    const name = `fleet document ${document.version}`;
    const settings = requireSound(document, name);
    return parseAgentConfig({ ...input, fleet: { name, settings, dataDir: local.dataDir } });
  };
}

function requireSound({ settings }: FleetDocument, source: string) {
  const verdict = judgeFleetSettings(settings);
  if (verdict.kind === 'sound') return verdict.settings;
  const problems = verdict.problems.map(({ path, message }) => ({
    path: path.split('/').slice(1).join('.'),
    message,
    source,
  }));
  throw agentError('CONFIG_INVALID', formatProblems(problems));
}
