import Type, { type Static } from 'typebox';
import { Id } from '../kernel/ids.ts';
import { Variant } from './manifest.ts';

const closed = { additionalProperties: false } as const;

export const ValidationCheck = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 128 }), passed: Type.Boolean(), detail: Type.String() },
  closed,
);
export type ValidationCheck = Static<typeof ValidationCheck>;

/** One variant as it ran, in the inference process a box uses. */
export const MeasuredVariant = Type.Object(
  {
    name: Id,
    runtime: Variant.properties.runtime,
    executionProviders: Type.Array(Type.String()),
    runs: Type.Integer({ minimum: 1 }),
    latencyP50Ms: Type.Number({ minimum: 0 }),
    latencyP95Ms: Type.Number({ minimum: 0 }),
    /** The most the inference process held at once, its runtime included; absent where the system does not tell. */
    peakMemoryBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);
export type MeasuredVariant = Static<typeof MeasuredVariant>;

/** What `watchpost-agent validate --json` prints. */
export const ValidationReport = Type.Object(
  {
    passed: Type.Boolean(),
    agentVersion: Type.String(),
    checks: Type.Array(ValidationCheck),
    variants: Type.Array(MeasuredVariant),
  },
  closed,
);
export type ValidationReport = Static<typeof ValidationReport>;
