import type { DeviceView } from '@watchpost/shared/api/fleet.ts';
import {
  Attributes,
  type DeviceGroup,
  DeviceGroupRequest,
  MAX_TAGS,
  type SavedFilter,
  SavedFilterRequest,
  type Site,
  SiteRequest,
  Tag,
  TargetName,
} from '@watchpost/shared/api/targeting.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import Type, { type Static, type TSchema } from 'typebox';

const closed = { additionalProperties: false } as const;
const named = <S extends TSchema>(schema: S) =>
  Type.Optional(Type.Record(Type.String(), schema, { propertyNames: TargetName }));

/** What a device is to have; of a key that is left out, whatever it has stays. */
export const WantedDevice = Type.Object(
  {
    /** null: at none. */
    site: Type.Optional(Type.Union([TargetName, Type.Null()])),
    tags: Type.Optional(Type.Array(Tag, { maxItems: MAX_TAGS })),
    attrs: Type.Optional(Attributes),
  },
  closed,
);
export type WantedDevice = Static<typeof WantedDevice>;

/** fleet.yaml: what a fleet is to be. */
export const FleetFile = Type.Object(
  {
    version: Type.Literal(1),
    sites: named(SiteRequest),
    devices: Type.Optional(Type.Record(Type.String(), WantedDevice, { propertyNames: Id })),
    groups: named(DeviceGroupRequest),
    filters: named(SavedFilterRequest),
  },
  closed,
);
export type FleetFile = Static<typeof FleetFile>;

/** The fleet as the server has it. */
export interface FoundFleet {
  readonly sites: readonly Site[];
  readonly groups: readonly DeviceGroup[];
  readonly filters: readonly SavedFilter[];
  readonly devices: readonly Pick<DeviceView, 'id' | 'metadata'>[];
}

/** A place of the file and what is wrong there. */
export interface FileProblem {
  readonly path: readonly string[];
  readonly message: string;
}
