import { DeviceMetadata, type MetadataChange } from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';
import { parseAttributes } from './attribute-text.ts';
import type { Command, CommandInput, CommandResult } from './command.ts';
import { formatAttributes } from './metadata-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { wrapText } from './table.ts';

export const deviceTag: Command = {
  description: 'Gives a device tags; filters find it by them (`tag:outdoor`).',
  positionals: ['ID', 'TAG...'],
  options: SERVER_OPTIONS,
  run: (input) => change(input, { tags: { add: input.positionals.slice(1) } }),
};

export const deviceUntag: Command = {
  description: 'Takes tags from a device.',
  positionals: ['ID', 'TAG...'],
  options: SERVER_OPTIONS,
  run: (input) => change(input, { tags: { remove: input.positionals.slice(1) } }),
};

export const deviceSetAttr: Command = {
  description: `Gives a device attributes; filters compare them (\`attrs.height > 3\`). NAME=VALUE sets one: a number, true, false, or
a text; NAME="5" is a text. NAME- takes one away.`,
  positionals: ['ID', 'NAME=VALUE...'],
  options: SERVER_OPTIONS,
  run: (input) => change(input, { attrs: parseAttributes(input.positionals.slice(1)) }),
};

export const deviceSetSite: Command = {
  description: 'Says at which site a device stands.',
  positionals: ['ID', '[SITE]'],
  options: { ...SERVER_OPTIONS, none: { description: 'at none, instead of SITE' } },
  run: (input) => {
    const [, site] = input.positionals;
    if ((site === undefined) !== input.values.isSet('none'))
      throw serverError('USAGE', 'give either SITE or --none');
    return change(input, { site: site ?? null });
  },
};

async function change(input: CommandInput, wanted: MetadataChange): Promise<CommandResult> {
  const [id = ''] = input.positionals;
  const path = `devices/${encodeURIComponent(id)}/metadata`;
  const json = await withServer(input, (api) => api.patch(path, wanted, DeviceMetadata));
  return { text: wrapText(`${id}: ${formatMetadata(json)}`, 100).join('\n'), json };
}

function formatMetadata({ site, tags, attrs }: DeviceMetadata): string {
  const said = [
    ...(site === undefined ? [] : [`site ${site}`]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(', ')}`]),
    ...(Object.keys(attrs).length === 0 ? [] : [formatAttributes(attrs)]),
  ];
  return said.join('; ') || 'nothing is said of it';
}
