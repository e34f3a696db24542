import type { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { RolloutRequest, type RolloutSummary } from '@watchpost/shared/api/rollouts.ts';
import {
  Attributes,
  type DeviceGroup,
  DeviceGroupRequest,
  MAX_TAGS,
  type SavedFilter,
  SavedFilterRequest,
  type SavedPolicy,
  type Site,
  SiteRequest,
  Tag,
  TargetName,
} from '@watchpost/shared/api/targeting.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import Type, { type Static, type TSchema } from 'typebox';
import { Default } from 'typebox/value';

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

/** Of rollouts; what is left out has its default. */
const WantedPolicy = Type.Object(RolloutPolicy.properties, { ...closed, default: {} });

/** What a policy is of which nothing is said. */
export const DEFAULT_POLICY = Default(RolloutPolicy, {}) as RolloutPolicy;

/** A model that devices are to run: a rollout of this name sees to it. */
export const WantedModel = Type.Object(
  {
    version: Type.Required(Type.Pick(RolloutRequest, ['version'])).properties.version,
    filter: RolloutRequest.properties.filter,
    groups: RolloutRequest.properties.groups,
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    requiresApproval: Type.Optional(Type.Boolean()),
    /** Name of one. */
    policy: Type.Optional(TargetName),
  },
  closed,
);
export type WantedModel = Static<typeof WantedModel>;

/** fleet.yaml: what a fleet is to be. */
export const FleetFile = Type.Object(
  {
    version: Type.Literal(1),
    sites: named(SiteRequest),
    devices: Type.Optional(Type.Record(Type.String(), WantedDevice, { propertyNames: Id })),
    groups: named(DeviceGroupRequest),
    filters: named(SavedFilterRequest),
    policies: named(WantedPolicy),
    models: named(WantedModel),
  },
  closed,
);
export type FleetFile = Static<typeof FleetFile>;

/** The fleet as the server has it. */
export interface FoundFleet {
  readonly sites: readonly Site[];
  readonly groups: readonly DeviceGroup[];
  readonly filters: readonly SavedFilter[];
  readonly policies: readonly SavedPolicy[];
  /** Newest first. */
  readonly rollouts: readonly Pick<RolloutSummary, 'name' | 'model' | 'version' | 'filter'>[];
  readonly devices: readonly Pick<DeviceView, 'id' | 'state' | 'metadata'>[];
}

/** A place of the file and what is wrong there. */
export interface FileProblem {
  readonly path: readonly string[];
  readonly message: string;
}
