import type { DeploymentHistory } from '@watchpost/shared/api/deployments.ts';
import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { formatCamera } from './camera-text.ts';
import type { Command } from './command.ts';
import { formatDeployment, formatSecond, printable, stateInWords } from './deployment-text.ts';
import { summariseConfig } from './device-config-text.ts';
import { loadDeployments } from './device-deployments.ts';
import { formatHealth } from './health-text.ts';
import { formatAttributes } from './metadata-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { wrapText } from './table.ts';

const NAME_WIDTH = 13;
const TEXT_WIDTH = 99 - NAME_WIDTH;

export const deviceShow: Command = {
  description: 'Shows one device with all that is known of it, and its last deployment.',
  positionals: ['ID'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [id = ''] = input.positionals;
    const [json, page] = await withServer(input, async (api) => [
      await api.get(`devices/${encodeURIComponent(id)}`, DeviceView),
      await loadDeployments(api, id, new URLSearchParams({ limit: '1' })),
    ]);
    return { text: formatDevice(json, page.deployments[0]), json };
  },
};

function formatDevice(device: DeviceView, deployment: DeploymentHistory | undefined): string {
  const { activeBundle: active, birth, lastSeenMs } = device;
  const facts: readonly (readonly [string, string])[] = [
    ['model', active === undefined ? 'none' : `${active.model}@${active.version}, variant ${active.variant}`],
    ...formatWanted(device),
    ...formatSettings(device),
    ['last seen', lastSeenMs === undefined ? 'never' : formatSecond(lastSeenMs)],
    ...formatHealth(device.telemetry),
    ...formatBirth(birth),
    ...formatSaid(device.metadata),
    ...device.cameras.map((camera) => ['camera', formatCamera(camera)] as const),
    ['enrolled', formatSecond(device.enrolledAtMs)],
    ['fingerprint', device.fingerprint],
  ];
  const admission = device.state === 'accepted' ? '' : ` (${device.state})`;
  const lines = [`${device.id} is ${device.connection}${admission}`, ...facts.flatMap(formatFact)];
  const last = deployment === undefined ? [] : ['', formatDeployment(deployment)];
  return [...lines.map(printable), ...last].join('\n');
}

/** The model that was ordered, unless it is the one that runs. */
function formatWanted({ activeBundle, deployment }: DeviceView): readonly (readonly [string, string])[] {
  if (deployment === undefined || deployment.bundleDigest === activeBundle?.digest) return [];
  const { model, version, state, reason, detail } = deployment;
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  return [['wanted', `${model}@${version}, ${stateInWords(state)}${why && ` (${why})`}`]];
}

function formatSettings({ config }: DeviceView): readonly (readonly [string, string])[] {
  const summary = config && summariseConfig(config);
  return summary === undefined ? [] : [['settings', summary]];
}

/** What people say of the device. */
function formatSaid(metadata: DeviceView['metadata']): readonly (readonly [string, string])[] {
  if (metadata === undefined) return [];
  const { site, tags, attrs } = metadata;
  const facts: readonly (readonly [string, string])[] = [
    ['site', site ?? ''],
    ['tags', tags.join(', ')],
    ['attributes', formatAttributes(attrs)],
  ];
  return facts.filter(([, text]) => text !== '');
}

function formatBirth(birth: DeviceView['birth']): readonly (readonly [string, string])[] {
  if (birth === undefined) return [];
  const { board, cpu, cores, memoryBytes, os, arch } = birth.hardware;
  return [
    ['agent', `${birth.agentVersion}, since ${formatSecond(birth.startedAtMs)}`],
    ['hardware', `${board}; ${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(1)} GB; ${os} (${arch})`],
  ];
}

const formatFact = ([name, text]: readonly [string, string]): readonly string[] =>
  wrapText(text, TEXT_WIDTH).map(
    (line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(NAME_WIDTH)} ${line}`,
  );
