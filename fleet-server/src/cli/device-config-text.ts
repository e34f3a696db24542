import type { DeviceConfigView } from '@watchpost/shared/api/device-config.ts';
import type { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { formatSecond, printable } from './deployment-text.ts';
import { formatSettings } from './yaml-settings-file.ts';

type Standing = NonNullable<DeviceView['config']>;
type Reported = NonNullable<Standing['reported']>;

/** What was set, as a file of settings, and what became of it on the device. */
export function formatConfig(config: DeviceConfigView | undefined, standing: Standing | undefined): string {
  const set =
    config === undefined
      ? ['nothing was ever set']
      : [
          `version ${config.version}, set by ${config.actor} at ${formatSecond(config.atMs)}`,
          formatSettings(config.settings),
        ];
  const reported = standing?.reported;
  const told = reported === undefined ? ['the device said nothing of it'] : formatReport(reported);
  return [...set, '', ...told.map(printable)].join('\n');
}

function formatReport(reported: Reported): readonly string[] {
  const { version, inForce, detail, restartNeeded } = reported;
  const about = version === undefined ? 'no settings of the fleet' : `version ${version}`;
  return [
    `on the device: ${about}, ${inWords(reported)}`,
    `in force: ${inForce === undefined ? 'its own settings alone' : `version ${inForce}`}`,
    ...(detail?.split('\n') ?? []),
    ...(restartNeeded.length === 0 ? [] : [`after a restart of the agent: ${restartNeeded.join(', ')}`]),
  ];
}

/** On one line; undefined while the device has its own settings and nobody set others. */
export function summariseConfig({ desired, reported }: Standing): string | undefined {
  const version = desired?.version ?? reported?.version;
  if (version === undefined) return undefined;
  if (reported?.version === undefined || reported.version < version)
    return `version ${version}, not on the device yet`;
  const { inForce, detail } = reported;
  const isInForce = inForce === reported.version;
  return [
    `version ${reported.version}, ${inWords(reported)}`,
    ...(isInForce ? [] : [`in force: ${inForce === undefined ? 'its own' : `version ${inForce}`}`]),
    ...(detail === undefined ? [] : [detail.replaceAll(/\s+/g, ' ')]),
  ].join('; ');
}

const inWords = ({ state, reason }: Reported): string =>
  `${state.replace('_', ' ')}${reason === undefined ? '' : ` (${reason})`}`;
