import {
  CameraConfig,
  EvidenceSettings,
  GovernorSettings,
  InferenceSettings,
  LogSettings,
  OutboxSettings,
  PicturesSettings,
  TelemetrySettings,
  UpdateSettings,
} from '@watchpost/shared/config/settings.ts';
import { ID_PATTERN } from '@watchpost/shared/kernel/ids.ts';
import Type, { type Static } from 'typebox';

export { CameraConfig };

const closed = { additionalProperties: false } as const;

/** Everything the agent can be told: type, default, range, unit and meaning in one place. */
export const AgentConfig = Type.Object(
  {
    schemaVersion: Type.Literal(1, { default: 1, description: 'version of this file' }),
    dataDir: Type.String({
      default: '/var/lib/watchpost',
      description: 'keys, models and the outbox live here',
    }),
    server: Type.Object(
      {
        url: Type.String({
          pattern: '^https?://',
          default: 'https://127.0.0.1:8443',
          description: 'address of the fleet server',
        }),
        caFile: Type.Optional(
          Type.String({ description: 'authority of the server (its ca.crt), for the enrolment' }),
        ),
      },
      { ...closed, default: {} },
    ),
    device: Type.Object(
      {
        id: Type.Optional(
          Type.String({ pattern: ID_PATTERN, description: 'id of this box; default: its host name' }),
        ),
      },
      { ...closed, default: {} },
    ),
    trust: Type.Object(
      {
        rootFile: Type.Optional(
          Type.String({
            description: 'root of trust of the fleet (its 1.root.json); without it nothing is installed',
          }),
        ),
      },
      { ...closed, default: {} },
    ),
    update: UpdateSettings,
    cameras: Type.Array(CameraConfig, { default: [], maxItems: 64, description: 'cameras beside this box' }),
    inference: InferenceSettings,
    outbox: OutboxSettings,
    telemetry: TelemetrySettings,
    pictures: PicturesSettings,
    evidence: EvidenceSettings,
    governor: GovernorSettings,
    log: LogSettings,
  },
  closed,
);
export type AgentConfig = Readonly<Static<typeof AgentConfig>>;
