import type { RolloutPreview } from '@watchpost/shared/api/rollouts.ts';
import { SOFT_HOURS } from '@watchpost/shared/rollout/policy.ts';
import { printable } from './deployment-text.ts';
import { fitTable, wrapText } from './table.ts';
import { formatSettings } from './yaml-settings-file.ts';

const WIDTH = 100;
const SITES_SHOWN = 6;
const EXAMPLES_SHOWN = 2;

/** What a rollout would do. */
export function formatPlan(plan: RolloutPreview): string {
  const { model, version, bundleDigest, total, connected, seed } = plan;
  return [
    `${model}@${version}, bundle ${bundleDigest.slice(0, 12)}: ${total} devices, ${connected} connected`,
    '',
    ...formatGroups(plan),
    ...formatType(plan),
    ...formatUnfit(plan),
    ...formatOverlaps(plan),
    '',
    'policy',
    ...formatSettings(plan.policy)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    `nothing was changed; --seed ${seed} draws these groups again`,
  ]
    .map(printable)
    .join('\n');
}

function formatGroups({ groups }: RolloutPreview): readonly string[] {
  const rows = groups.map(({ number, name, devices, connected, bySite, examples }) => {
    const sites = bySite
      .toSorted((one, other) => other.devices - one.devices)
      .map(({ site = 'no site', devices: those }) => `${site} ${those}`);
    const more = sites.length > SITES_SHOWN ? ['…'] : [];
    return [
      `${number}: ${name}`,
      String(devices),
      String(connected),
      [...sites.slice(0, SITES_SHOWN), ...more].join(', '),
      examples.slice(0, EXAMPLES_SHOWN).join(' '),
    ];
  });
  return fitTable(['GROUP', 'DEVICES', 'CONNECTED', 'BY SITE', 'FIRST'], rows, WIDTH).split('\n');
}

/** What a type means for this plan; nothing where everything is installed at once. */
function formatType({ policy: { type, gates, softHours = SOFT_HOURS } }: RolloutPreview): readonly string[] {
  if (type === 'forced') return [];
  const keeps =
    'download_only: devices keep the bundle on the disk and do not run it; there is nothing to roll back';
  const words = {
    soft: `soft: each device installs when no camera sees anything, ${softHours} h after its order at the latest`,
    download_only: gates.length === 0 ? keeps : `${keeps}, and its gates are not asked`,
  } as const;
  return ['', ...wrapText(words[type], WIDTH)];
}

function formatUnfit({ unfit }: RolloutPreview): readonly string[] {
  if (unfit.length === 0) return [];
  const lines = unfit.map(
    ({ code, detail, devices, example }) =>
      `${devices} (${example}, …) would be rejected: ${detail} (${code})`,
  );
  return ['', ...lines.flatMap((line) => wrapText(line, WIDTH))];
}

function formatOverlaps({ overlaps }: RolloutPreview): readonly string[] {
  const lines = overlaps.map(
    ({ name, id, priority, devices }) =>
      `${devices} are also meant by ${name} (${id}), which has priority ${priority}`,
  );
  return lines.length === 0 ? [] : ['', ...lines.flatMap((line) => wrapText(line, WIDTH))];
}
