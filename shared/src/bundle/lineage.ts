import Type, { type Static } from 'typebox';
import { Sha256 } from '../kernel/ids.ts';
import { createProblemFinder, type Problem } from '../kernel/parse.ts';

/** Where a model comes from: the keys that have a meaning here; any other may stand beside them. */
export const Lineage = Type.Object({
  codeCommit: Type.Optional(Type.String({ pattern: '^[0-9a-f]{7,64}$' })),
  dataVersion: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  dataDigest: Type.Optional(Sha256),
  trainingRun: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  /** Of the training, by name; a number alone is the count of weights. */
  parameters: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Integer()])),
  metrics: Type.Optional(Type.Record(Type.String(), Type.Number())),
  /** The version this one was made from: `name@version`. */
  parent: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,64}@[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$' })),
});
export type Lineage = Static<typeof Lineage>;

export const findLineageProblems: (lineage: unknown) => readonly Problem[] = createProblemFinder(Lineage);
