import { Id } from '@watchpost/shared/kernel/ids.ts';
import Type, { type Static } from 'typebox';

/** Settings of the fleet server; flags are their kebab-case names. */
export const ServerConfig = Type.Object(
  {
    dataDir: Type.String({
      default: '/var/lib/watchpost-server',
      description: 'database, keys and artifacts',
    }),
    fleet: Type.Unsafe<string>({
      ...Id,
      default: 'main',
      description: 'name of the fleet, part of every topic',
    }),
    host: Type.String({
      default: '127.0.0.1',
      description: 'address the web server and the broker listen on',
    }),
    httpPort: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 8443,
      description: 'web UI and API; 0 = any',
    }),
    mqttPort: Type.Integer({ minimum: 0, maximum: 65_535, default: 8883, description: 'MQTT; 0 = any' }),
    plain: Type.Boolean({
      default: false,
      description: 'no TLS; only on the loopback address',
    }),
    tlsHosts: Type.Optional(
      Type.String({
        description: 'names of this server, by comma; the first is told to boxes',
      }),
    ),
    brokerUrl: Type.Optional(
      Type.String({
        pattern: '^mqtts?://',
        description: 'broker address told to devices; default: this host',
      }),
    ),
    adminPasswordFile: Type.Optional(
      Type.String({
        description: 'file with the password of `admin` (default: one is made)',
      }),
    ),
    masterKeyFile: Type.Optional(
      Type.String({
        description: 'file with the key that opens the online trust keys (default: one is made)',
      }),
    ),
    validatorCommand: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'command of watchpost-agent, which tries models (default: beside this)',
      }),
    ),
    evidenceMaxBytes: Type.Integer({
      minimum: 1024 * 1024,
      default: 10 * 1024 ** 3,
      description: 'bytes of pictures of sightings; the oldest go first',
    }),
    evidenceMaxAgeDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: 3_650,
      default: 30,
      description: 'older pictures of sightings are removed',
    }),
    logLevel: Type.Enum(['debug', 'info', 'warn', 'error'], {
      default: 'info',
      description: 'least level logged',
    }),
  },
  { additionalProperties: false },
);
export type ServerConfig = Readonly<Static<typeof ServerConfig>>;
