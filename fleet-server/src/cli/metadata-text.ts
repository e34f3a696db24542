import type { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';

/** As `fleetctl device set-attr` takes them. */
export const formatAttributes = (attrs: DeviceMetadata['attrs']): string =>
  Object.entries(attrs)
    .map(([name, value]) => `${name}=${formatValue(value)}`)
    .join(' ');

const LOOKS_LIKE_NO_TEXT = /^(true|false|-?(0|[1-9]\d*)(\.\d+)?|".*")$/;

const formatValue = (value: string | number | boolean): string =>
  typeof value === 'string' && LOOKS_LIKE_NO_TEXT.test(value) ? `"${value}"` : String(value);
