import Type, { type Static } from 'typebox';

/**
 * What a person may do. `viewer` reads; `operator` also changes the fleet; `qa` reads and certifies models; `admin`
 * may do all of it, and looks after people.
 */
export const Role = Type.Enum(['viewer', 'operator', 'qa', 'admin']);
export type Role = Static<typeof Role>;
