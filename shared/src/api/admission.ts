import Type, { type Static } from 'typebox';
import { Id, Sha256 } from '../kernel/ids.ts';

/** POST /devices/:id/accept and /reject: the key the person has seen on the box. */
export const Fingerprint = Type.Object({ fingerprint: Sha256 }, { additionalProperties: false });

/** POST /devices/preauthorized. */
export const PreauthorizedList = Type.Object(
  {
    devices: Type.Array(Type.Object({ id: Id, fingerprint: Sha256 }, { additionalProperties: false }), {
      minItems: 1,
      maxItems: 10_000,
    }),
  },
  { additionalProperties: false },
);
export type PreauthorizedList = Static<typeof PreauthorizedList>;
