import { ATTRIBUTE_PATTERN, type MetadataChange } from '@watchpost/shared/api/targeting.ts';
import { serverError } from '../kernel/errors.ts';

type AttributeChange = NonNullable<MetadataChange['attrs']>;

const NAME = new RegExp(ATTRIBUTE_PATTERN);

/**
 * `name=value` sets, `name-` takes away. A value is a number, true, false, or a text; in double quotes it is a text
 * whatever it looks like.
 * @throws AppError USAGE
 */
export function parseAttributes(texts: readonly string[]): AttributeChange {
  return Object.fromEntries(texts.map(parseAttribute));
}

function parseAttribute(text: string): readonly [string, AttributeChange[string]] {
  const equals = text.indexOf('=');
  const isRemoval = equals < 0 && text.endsWith('-');
  const name = isRemoval ? text.slice(0, -1) : text.slice(0, Math.max(equals, 0));
  if (!NAME.test(name)) throw serverError('USAGE', `"${text}" is neither NAME=VALUE nor NAME-`);
  return [name, isRemoval ? null : parseValue(text.slice(equals + 1))];
}

function parseValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) return Number(text);
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
