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

/** Out of use for good: never deployed, whatever else is allowed. */
export const isRetired = (state: ModelVersionState): boolean => state === 'withdrawn' || state === 'archived';

/**
 * Which versions a device may be ordered to run: those a second person certified and somebody released. The one place
 * that decides it.
 */
export const mayDeploy = (state: ModelVersionState): boolean => state === 'released';
