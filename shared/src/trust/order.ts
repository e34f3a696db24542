import Type, { type Static } from 'typebox';
import { Id, Sha256, UnixMs } from '../kernel/ids.ts';

/**
 * How a bundle is installed: at once; when the box is quiet; or not at all, only downloaded, verified and kept for an
 * order to come.
 */
export const ORDER_TYPES = ['forced', 'soft', 'download_only'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];

/**
 * What an agent carries out: one that introduced itself and says nothing of types knows only the one there was before
 * them.
 * @returns undefined while it has not introduced itself
 */
export function orderTypesOf(
  told: { readonly agentVersion?: string; readonly orderTypes?: readonly string[] } | undefined,
): readonly string[] | undefined {
  return told?.agentVersion === undefined ? undefined : (told.orderTypes ?? ['forced']);
}

/**
 * The director's instruction to one device: classify with this bundle. Travels as a compact JWS (EdDSA).
 * `sha256` is the digest of the canonical manifest, which lists every file by digest.
 */
export const Order = Type.Object(
  {
    deviceId: Id,
    deploymentId: Type.String({ minLength: 1, maxLength: 64 }),
    /** models/<model>/<version> */
    target: Type.String({ pattern: '^models/[a-z0-9-]+/[0-9A-Za-z.+-]+$' }),
    sha256: Sha256,
    length: Type.Integer({ minimum: 2, maximum: Number.MAX_SAFE_INTEGER }),
    releaseCounter: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** Grows with every order of the device; an order below one the box took already is a replay. */
    counter: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    notBeforeMs: UnixMs,
    expiresMs: UnixMs,
    nonce: Type.String({ minLength: 16, maxLength: 64 }),
    /** Try again what failed on this box before: its digest leaves the quarantine. */
    liftQuarantine: Type.Optional(Type.Boolean()),
    /** `forced` where it is left out, as it is for every forced order: agents that know no types read those too. */
    type: Type.Optional(Type.Enum([...ORDER_TYPES])),
    /** Of a soft order: from then on it is installed, quiet or not; left out, when the order expires. */
    softUntilMs: Type.Optional(UnixMs),
  },
  { additionalProperties: false },
);
export type Order = Static<typeof Order>;

/** `typ` of the JWS header: an order can be mistaken for no other token. */
export const ORDER_TOKEN_TYPE = 'watchpost-order+jws';

export function formatTarget(model: string, version: string): string {
  return `models/${model}/${version}`;
}
