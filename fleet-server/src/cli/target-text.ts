import type { FilterPreview, TargetDeviceView } from '@watchpost/shared/api/targeting.ts';
import { printable } from './deployment-text.ts';
import { fitTable } from './table.ts';

const WIDTH = 100;
const HEADER = ['DEVICE', 'CONNECTION', 'SITE', 'TAGS', 'MODEL'];

export const countDevices = (count: number): string => (count === 1 ? '1 device' : `${count} devices`);

/** How many devices a filter means, and the first of them. */
export function formatPreview({ total, devices }: FilterPreview): string {
  const summary = countDevices(total);
  if (devices.length === 0) return summary;
  const shown = devices.length < total ? `, the first ${devices.length}` : '';
  return [`${summary}${shown}:`, printableTable(devices)].join('\n');
}

const printableTable = (devices: readonly TargetDeviceView[]): string =>
  fitTable(
    HEADER,
    devices.map((device) => formatRow(device).map(printable)),
    WIDTH,
  );

const formatRow = ({ id, connection, site, tags, model, version }: TargetDeviceView): readonly string[] => [
  id,
  connection,
  site ?? '-',
  tags.join(', ') || '-',
  model === undefined ? '-' : `${model}@${version}`,
];
