import Type, { type Static } from 'typebox';
import type { Lifecycle } from './table.ts';

export const ModelVersionState = Type.Enum([
  'draft',
  'validated',
  'certified',
  'released',
  'withdrawn',
  'archived',
]);
export type ModelVersionState = Static<typeof ModelVersionState>;

export const MODEL_VERSION_LIFECYCLE: Lifecycle<ModelVersionState> = {
  draft: ['validated', 'archived'],
  validated: ['certified', 'archived'],
  certified: ['released', 'archived'],
  released: ['withdrawn', 'archived'],
  withdrawn: ['archived'],
  archived: [],
};
