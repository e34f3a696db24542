import { createProblemFinder, listProblems } from '@watchpost/shared/kernel/parse.ts';
import { RolloutPolicy } from '@watchpost/shared/rollout/policy.ts';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';

const closed = { additionalProperties: false } as const;
const Share = (standard: number) => Type.Number({ minimum: 0, maximum: 1, default: standard });
const Sec = (standard: number) => Type.Number({ minimum: 0, default: standard });
const section = <Fields extends Parameters<typeof Type.Object>[0]>(fields: Fields) =>
  Type.Object(fields, { ...closed, default: {} });

/** A kind of computer in the fleet. */
export const Board = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    /** Of the boxes, against the sum of all boards. */
    share: Type.Number({ exclusiveMinimum: 0, default: 1 }),
    arch: Type.String({ default: 'arm64' }),
    cores: Type.Integer({ minimum: 1, default: 4 }),
    memoryMb: Type.Integer({ minimum: 64, default: 4096 }),
    diskFreeMb: Type.Integer({ minimum: 0, default: 16_000 }),
    inferMs: Type.Number({ exclusiveMinimum: 0, default: 40 }),
    fps: Type.Number({ exclusiveMinimum: 0, default: 5 }),
    celsius: Type.Number({ default: 55 }),
  },
  closed,
);
export type Board = Static<typeof Board>;

/** What a version of a model does on the boxes. */
export const Behaviour = Type.Object(
  {
    /** Of the frames it is given, those it does not answer. */
    errors01: Share(0.03),
    /** Of its inference, against the board's own. */
    slower: Type.Number({ exclusiveMinimum: 0, default: 1 }),
    /** Shares of the boxes whose deployment ends so; all others succeed. */
    failure: Share(0),
    rolledBack: Share(0),
    rejected: Share(0),
  },
  closed,
);
export type Behaviour = Static<typeof Behaviour>;

const Storm = Type.Object(
  { atSec: Type.Number({ minimum: 0 }), backWithinSec: Type.Optional(Type.Number({ minimum: 0 })) },
  closed,
);

const RolloutPart = Type.Object(
  {
    version: Type.String({ default: '2.0.0' }),
    startSec: Sec(5),
    /** Percents of all devices reached after each group. */
    waves: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 100 }), {
      minItems: 1,
      default: [1, 5, 25, 100],
    }),
    policy: Type.Partial(RolloutPolicy, { default: {} }),
  },
  closed,
);

/** A fleet that does not exist: who is in it, how it is connected, what its models do, and what happens to it. */
export const Scenario = Type.Object(
  {
    description: Type.String({ default: '' }),
    /** What takes long on a box and in the policy of the rollout is divided by it. */
    acceleration: Type.Number({ minimum: 1, default: 1 }),
    /** In which the boxes connect for the first time. */
    rampSec: Sec(5),
    boxes: section({
      boards: Type.Array(Board, { minItems: 1, default: [{ name: 'rpi5' }] }),
      cameras: Type.Integer({ minimum: 1, maximum: 8, default: 1 }),
      sites: Type.Integer({ minimum: 0, maximum: 1000, default: 20 }),
      /** Share of the boxes that have the tag. */
      tags: Type.Record(Type.String(), Share(0), { default: {} }),
      /** What runs at first, by share. */
      versions: Type.Record(Type.String(), Type.Number({ minimum: 0 }), { default: { '1.0.0': 1 } }),
    }),
    network: section({
      /** Share of the boxes that are off at the beginning. */
      offline01: Share(0),
      /** How long boxes are off and on, in the mean; 0 = for ever. */
      offSec: Sec(0),
      onSec: Sec(0),
      /** Median of a download; a third take half as long again, or two thirds of it. */
      downloadSec: Sec(60),
      slow01: Share(0),
      slowTimes: Type.Number({ minimum: 1, default: 10 }),
    }),
    /** What each step of a deployment takes. */
    steps: section({
      verifySec: Sec(2),
      /** How long a box with a soft order waits for quiet, unless the time of the order comes before. */
      quietSec: Sec(1_800),
      selfTestSec: Sec(20),
      shadowSec: Sec(60),
      probationSec: Sec(300),
    }),
    /** By version; `*` for those not named. Not accelerated. */
    models: Type.Record(Type.String(), Type.Partial(Behaviour), { default: {} }),
    /** Not accelerated. */
    telemetry: section({
      /** 0 = none, as below. */
      liveSec: Sec(30),
      summarySec: Sec(60),
      eventSec: Sec(600),
    }),
    storms: Type.Array(Storm, { default: [] }),
    /** Boxes whose disk goes back to what it was when the simulation began. */
    restored: section({ share: Share(0), atSec: Sec(60) }),
    rollout: Type.Optional(RolloutPart),
  },
  closed,
);
export type Scenario = Static<typeof Scenario>;
export type ScenarioRollout = NonNullable<Scenario['rollout']>;

const findProblems = createProblemFinder(Scenario);

/** Fills in what is left out. @throws Error that names every problem */
export function parseScenario(input: unknown, what: string): Scenario {
  const value = Value.Default(Scenario, Value.Clone(input ?? {}));
  const problems = findProblems(value);
  if (problems.length > 0) throw new Error(`${what}: ${listProblems(problems)}`);
  return value as Scenario;
}

/** How a version behaves. */
export function behaviourOf({ models }: Pick<Scenario, 'models'>, version: string): Behaviour {
  return Value.Default(Behaviour, { ...(models[version] ?? models['*']) }) as Behaviour;
}

/** The versions a fleet of this scenario knows, each once. */
export function listVersions({ boxes, rollout }: Scenario): readonly string[] {
  const named = [...Object.keys(boxes.versions), ...(rollout === undefined ? [] : [rollout.version])];
  return [...new Set(named)].sort();
}
