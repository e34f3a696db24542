import Type from 'typebox';

/** Ids of devices, cameras, fleets, models: what fits in a topic, a path and a certificate name. */
export const ID_PATTERN = '^[a-z0-9-]{1,64}$';
export const Id = Type.String({ pattern: ID_PATTERN });
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** Unix time in milliseconds, by the sender's wall clock; up to the last moment a Date can name. */
export const UnixMs = Type.Integer({ minimum: 0, maximum: 8.64e15 });
export const Ratio01 = Type.Number({ minimum: 0, maximum: 1 });

const ID = new RegExp(ID_PATTERN);
export const isId = (text: string): boolean => ID.test(text);
