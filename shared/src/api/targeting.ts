import Type, { type Static } from 'typebox';
import { Id, UnixMs } from '../kernel/ids.ts';
import { ConnectionState, DeviceState } from '../lifecycle/device.ts';
import { RolloutPolicy } from '../rollout/policy.ts';

const closed = { additionalProperties: false } as const;

/** Of sites, device groups, saved filters and policies: as filters write them. */
export const TargetName = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
  description: 'a-z, 0-9 and dash',
});
export const Tag = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'letters, digits, point, dash and underscore',
});
export const ATTRIBUTE_PATTERN = '^[A-Za-z][A-Za-z0-9_.-]{0,63}$';
/** One line, without what could steer a terminal. */
const Line = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
const Filter = Type.String({ minLength: 1, maxLength: 4096, description: 'site == "bcn-1" and not tag:lab' });

/** How many a device may have. */
export const MAX_TAGS = 32;
export const MAX_ATTRIBUTES = 64;
export const MAX_GROUP_DEVICES = 10_000;

/** Not `additionalProperties: false`: filling in defaults fails on a record that has it. */
const attributeNames = { propertyNames: Type.String({ pattern: ATTRIBUTE_PATTERN }) };
export const AttributeValue = Type.Union([Line(256), Type.Number(), Type.Boolean()]);
/** By name. */
export const Attributes = Type.Record(Type.String(), AttributeValue, {
  ...attributeNames,
  maxProperties: MAX_ATTRIBUTES,
});
export type Attributes = Static<typeof Attributes>;

const siteFields = {
  name: Line(128),
  timezone: Type.String({ maxLength: 64, description: 'IANA name: Europe/Madrid' }),
  address: Type.Optional(Line(256)),
  lat: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
  lon: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
};
/** PUT /api/v1/sites/:id */
export const SiteRequest = Type.Object(siteFields, closed);
export type SiteRequest = Static<typeof SiteRequest>;
/** Where devices stand. */
export const Site = Type.Object({ id: TargetName, ...siteFields }, closed);
export type Site = Static<typeof Site>;
export const SiteView = Type.Object(
  { ...Site.properties, devices: Type.Integer({ minimum: 0, description: 'how many stand there' }) },
  closed,
);
export type SiteView = Static<typeof SiteView>;
export const SiteList = Type.Object({ sites: Type.Array(SiteView) }, closed);

/** What people say of a device. */
export const DeviceMetadata = Type.Object(
  {
    site: Type.Optional(TargetName),
    /** In order, each once. */
    tags: Type.Array(Tag),
    attrs: Attributes,
  },
  closed,
);
export type DeviceMetadata = Static<typeof DeviceMetadata>;

const Tags = Type.Optional(Type.Array(Tag, { maxItems: MAX_TAGS }));
/** PATCH /api/v1/devices/:id/metadata: what is left out stays, `null` takes away. */
export const MetadataChange = Type.Object(
  {
    site: Type.Optional(Type.Union([TargetName, Type.Null()])),
    tags: Type.Optional(Type.Object({ add: Tags, remove: Tags }, closed)),
    attrs: Type.Optional(
      Type.Record(Type.String(), Type.Union([...AttributeValue.anyOf, Type.Null()]), attributeNames),
    ),
  },
  { ...closed, minProperties: 1 },
);
export type MetadataChange = Static<typeof MetadataChange>;

const groupFields = {
  description: Type.Optional(Line(256)),
  filter: Type.Optional(Filter),
  devices: Type.Optional(Type.Array(Id, { maxItems: MAX_GROUP_DEVICES, uniqueItems: true })),
};
/** PUT /api/v1/groups/:id: the devices listed, or those that meet the filter. */
export const DeviceGroupRequest = Type.Object(groupFields, closed);
export type DeviceGroupRequest = Static<typeof DeviceGroupRequest>;
export const DeviceGroup = Type.Object({ id: TargetName, ...groupFields }, closed);
export type DeviceGroup = Static<typeof DeviceGroup>;
export const DeviceGroupView = Type.Object(
  {
    ...DeviceGroup.properties,
    members: Type.Integer({ minimum: 0, description: 'accepted devices in it now' }),
  },
  closed,
);
export type DeviceGroupView = Static<typeof DeviceGroupView>;
export const DeviceGroupList = Type.Object({ groups: Type.Array(DeviceGroupView) }, closed);

/** PUT /api/v1/filters/:id */
export const SavedFilterRequest = Type.Object(
  { filter: Filter, description: Type.Optional(Line(256)) },
  closed,
);
export type SavedFilterRequest = Static<typeof SavedFilterRequest>;
export const SavedFilter = Type.Object({ id: TargetName, ...SavedFilterRequest.properties }, closed);
export type SavedFilter = Static<typeof SavedFilter>;
export const SavedFilterList = Type.Object({ filters: Type.Array(SavedFilter) }, closed);

/** PUT /api/v1/policies/:id; what is left out has its default. */
export const SavedPolicyRequest = Type.Object({ policy: RolloutPolicy }, closed);
/** A policy of rollouts with a name. */
export const SavedPolicy = Type.Object({ id: TargetName, policy: RolloutPolicy }, closed);
export type SavedPolicy = Static<typeof SavedPolicy>;
export const SavedPolicyList = Type.Object({ policies: Type.Array(SavedPolicy) }, closed);

/** POST /api/v1/filters/preview */
export const FilterPreviewRequest = Type.Object(
  { filter: Filter, limit: Type.Integer({ minimum: 0, maximum: 1000, default: 20 }) },
  closed,
);

/** A device as a filter sees it. */
export const TargetDeviceView = Type.Object(
  {
    id: Id,
    state: DeviceState,
    connection: ConnectionState,
    site: Type.Optional(TargetName),
    timezone: Type.Optional(Type.String()),
    board: Type.Optional(Type.String()),
    arch: Type.Optional(Type.String()),
    cores: Type.Optional(Type.Integer()),
    memoryBytes: Type.Optional(Type.Integer()),
    agentVersion: Type.Optional(Type.String()),
    /** Types of orders its agent says it carries out. */
    orderTypes: Type.Optional(Type.Array(Type.String())),
    model: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    diskFreeBytes: Type.Optional(Type.Integer()),
    lastSeenMs: Type.Optional(UnixMs),
    tags: Type.Array(Tag),
    attrs: DeviceMetadata.properties.attrs,
    groups: Type.Array(TargetName),
  },
  closed,
);
export type TargetDeviceView = Static<typeof TargetDeviceView>;

/** The first of the devices that may be given orders and meet a filter, by id. */
export const FilterPreview = Type.Object(
  { total: Type.Integer({ minimum: 0 }), devices: Type.Array(TargetDeviceView) },
  closed,
);
export type FilterPreview = Static<typeof FilterPreview>;
