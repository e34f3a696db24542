import type { Comparison, DeviceField, Filter, FilteredDevice, FilterValue } from './filter.ts';

/**
 * Whether a device meets a filter. A field the device does not have meets no comparison but `!=`, and is in no list.
 * Texts of `agentVersion`, `version` and attributes so named compare part by part; a value is never equal to one of another type.
 */
export function matchesFilter(filter: Filter, device: FilteredDevice): boolean {
  switch (filter.kind) {
    case 'all':
      return filter.of.every((part) => matchesFilter(part, device));
    case 'any':
      return filter.of.some((part) => matchesFilter(part, device));
    case 'not':
      return !matchesFilter(filter.of, device);
    case 'tag':
      return device.tags.includes(filter.tag);
    case 'group':
      return device.groups?.includes(filter.group) ?? false;
    case 'has':
      return readField(device, filter.field) !== undefined;
    case 'in':
      return filter.values.includes(readField(device, filter.field) ?? Number.NaN);
    case 'compare':
      return compare(filter.field, readField(device, filter.field), filter.operator, filter.value);
  }
}

function readField(device: FilteredDevice, field: string): FilterValue | undefined {
  if (!field.startsWith('attrs.')) return device[field as DeviceField];
  const name = field.slice('attrs.'.length);
  return Object.hasOwn(device.attrs, name) ? device.attrs[name] : undefined;
}

function compare(
  field: string,
  found: FilterValue | undefined,
  operator: Comparison,
  wanted: FilterValue,
): boolean {
  if (operator === '==') return found === wanted;
  if (operator === '!=') return found !== wanted;
  if (found === undefined || typeof found !== typeof wanted) return false;
  if (operator === '~') return matchesPattern(String(found), String(wanted));
  const areVersions = field.toLowerCase().endsWith('version') && typeof found === 'string';
  const order = areVersions ? compareVersions(found, String(wanted)) : compareValues(found, wanted);
  if (order === 0) return operator.includes('=');
  return order < 0 ? operator.startsWith('<') : operator.startsWith('>');
}

const compareValues = (left: FilterValue, right: FilterValue): number =>
  left === right ? 0 : left < right ? -1 : 1;

/** Part by part: numbers as numbers, the rest as text; `1.2` is below `1.2.1`, and above `1.2-rc1`. */
function compareVersions(left: string, right: string): number {
  const [own = [], other = []] = [left, right].map((version) => version.split(/[.+]|(?=-)/));
  const orders = Array.from({ length: Math.max(own.length, other.length) }, (_, index) =>
    compareParts(own[index], other[index]),
  );
  return orders.find((order) => order !== 0) ?? 0;
}

function compareParts(left: string | undefined, right: string | undefined): number {
  if (left === undefined) return right?.startsWith('-') ? 1 : -1;
  if (right === undefined) return left.startsWith('-') ? -1 : 1;
  const areNumbers = /^\d+$/.test(left) && /^\d+$/.test(right);
  return areNumbers ? Number(left) - Number(right) : compareValues(left, right);
}

/** `*` is any text; linear in the length of the text for each star. */
function matchesPattern(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let index = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, index);
    if (found < 0) return false;
    index = found + part.length;
  }
  return text.length - last.length >= index && text.endsWith(last);
}
