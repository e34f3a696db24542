import Type, { type Static } from 'typebox';
import { ORDER_TYPES } from '../trust/order.ts';
import { ROLLOUT_GATE_NAMES } from './gates.ts';

const closed = { additionalProperties: false } as const;
const Count = (minimum: number, options: object) => Type.Integer({ minimum, maximum: 1_000_000, ...options });

/** Ends of a deployment that may count as failures of the rollout; a rejection never does. */
export const FAILURE_TYPES = ['failure', 'rolled_back', 'timed_out', 'noartifact'] as const;
export const FailureType = Type.Enum([...FAILURE_TYPES]);
export type FailureType = Static<typeof FailureType>;

/** When a device may be disturbed: `cron` opens the window, which stays open for `durationMinutes`. */
export const MaintenanceWindow = Type.Object(
  {
    cron: Type.String({ minLength: 9, maxLength: 100, description: 'five fields: 0 2 * * 1-5' }),
    durationMinutes: Count(1, { maximum: 10_080, description: 'how long it stays open' }),
    timezone: Type.String({
      minLength: 1,
      maxLength: 64,
      default: 'site',
      description: 'IANA name, or "site": that of the site where the device stands',
    }),
  },
  closed,
);
export type MaintenanceWindow = Static<typeof MaintenanceWindow>;

/** How much a rollout may do at once, when it goes on, and when it turns back. */
export const RolloutPolicy = Type.Object(
  {
    successThreshold: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.9,
      description: 'share of executed devices that must succeed before a group soaks',
    }),
    errorThreshold: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.1,
      description: 'share of executed devices that may fail; more is an error of the group',
    }),
    minExecuted: Count(1, {
      default: 5,
      description: 'executed devices before a threshold is looked at; a smaller group needs all of its own',
    }),
    failureTypes: Type.Array(FailureType, {
      default: ['failure', 'rolled_back', 'timed_out'],
      uniqueItems: true,
      description: 'ends that count as failures',
    }),
    soakSeconds: Count(0, { default: 600, description: 'bake time of a group after its threshold' }),
    rate: Type.Object(
      {
        base: Count(1, { description: 'devices a minute at first' }),
        increment: Type.Number({
          minimum: 1,
          maximum: 10,
          default: 1,
          description: 'factor, each time as many devices succeeded as the rate of a minute',
        }),
        max: Count(1, { description: 'devices a minute at most' }),
      },
      { ...closed, default: { base: 1000, increment: 1, max: 1000 }, description: 'pace of the orders' },
    ),
    maxParallelDownloads: Count(1, { default: 100, description: 'devices that download at the same time' }),
    disruptionBudget: Type.Optional(
      Type.Object(
        {
          groupBy: Type.String({
            pattern: '^(site|attrs\\.[A-Za-z0-9_.-]+)$',
            default: 'site',
            description: 'what is not to go dark as a whole',
          }),
          maxUnavailable: Count(1, { description: 'devices in work at the same time for each value' }),
        },
        { ...closed, description: 'never two cameras of one gate dark at once' },
      ),
    ),
    timeoutMinutes: Count(1, {
      default: 20_160,
      description: 'after this, devices that never came are timed out and the rollout ends',
    }),
    stepTimeoutMinutes: Count(1, {
      default: 120,
      description: 'a device in work that says nothing for this long is timed out',
    }),
    retries: Count(0, {
      maximum: 10,
      default: 1,
      description: 'times a device that failed is tried again; a rejection never is',
    }),
    window: Type.Optional(MaintenanceWindow),
    onError: Type.Enum(['pause', 'stop', 'rollback'], {
      default: 'pause',
      description: 'what an error of a group does to the rollout',
    }),
    type: Type.Enum([...ORDER_TYPES], {
      default: 'forced',
      description:
        'forced: installed at once; soft: when no camera sees anything; download_only: kept on the disk, not run',
    }),
    softHours: Type.Optional(
      Count(1, {
        maximum: 720,
        description:
          'of type soft: hours after its order a device installs, quiet or not, or when its window closes; 24 unless given',
      }),
    ),
    targetSelection: Type.Enum(['snapshot', 'continuous'], {
      default: 'snapshot',
      description: 'continuous: devices that match later join the last group',
    }),
    gates: Type.Array(
      Type.Object(
        {
          gate: Type.Enum([...ROLLOUT_GATE_NAMES]),
          limit: Type.Optional(Type.Number({ description: 'in the unit of the gate' })),
          passWhen: Type.Optional(
            Type.Enum(['no_harm', 'proof'], {
              description:
                'no_harm: soaked, and no worse than the limit; proof: shown to be no worse than it',
            }),
          ),
          waitMinutes: Type.Optional(
            Count(0, { description: 'how long the gate may stay open after the soak; 60 unless given' }),
          ),
          onTimeout: Type.Optional(
            Type.Enum(['fail', 'pass'], {
              description: 'what a gate that is still open then says; fail unless given',
            }),
          ),
        },
        closed,
      ),
      { default: [], maxItems: 16, description: 'what must hold before a soaking group is finished' },
    ),
  },
  closed,
);
export type RolloutPolicy = Static<typeof RolloutPolicy>;
export type GateSetting = RolloutPolicy['gates'][number];

/** Hours a soft order waits for quiet at most, where the policy gives none. */
export const SOFT_HOURS = 24;

/** Every gate asks how a bundle runs: a rollout that only has it kept has none. */
export const gatesInForce = ({
  type,
  gates,
}: Pick<RolloutPolicy, 'type' | 'gates'>): readonly GateSetting[] => (type === 'download_only' ? [] : gates);
