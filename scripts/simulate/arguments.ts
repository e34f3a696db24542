import { parseArgs } from 'node:util';

/** What `npm run simulate` was asked to do. */
export interface SimulateRequest {
  readonly devices: number;
  /** Name of a scenario that comes with the project, or a file. */
  readonly scenario: string;
  readonly seed: number;
  /** How long; undefined: until the rollout is over, or Ctrl-C. */
  readonly minutes?: number;
  readonly workers: number;
  readonly json: boolean;
  /** Of a server that runs already; undefined: one of its own. */
  readonly server?: {
    readonly url: string;
    readonly fleet: string;
    readonly user: string;
    readonly passwordFile?: string;
    readonly tokenFile?: string;
    readonly caFile?: string;
  };
}

export const SCENARIO_NAMES = ['steady', 'offline40', 'storm', 'bad-canary', 'heterogeneous'] as const;

export const SIMULATE_HELP = `A fleet that does not exist, for trying out rollouts, sizes and servers.

  npm run simulate -- --devices 1000 --scenario bad-canary
      start a server and a thousand virtual boxes; prints a URL and a login
  npm run simulate -- --devices 200 --server https://fleet.example --token-file FILE
      let the boxes join a fleet that is there: enrolled with tokens, as real ones are

The boxes are real to the server: each has its own MQTT connection, numbers its messages, keeps them
until the receipt, checks the signature of its orders and tells every step with findings. What they
do not do: there are no cameras and no inference, and no file is downloaded: a download is a wait.

  --devices N        how many (default 100)
  --scenario NAME    ${SCENARIO_NAMES.join(', ')}, or a file (default steady)
  --seed N           the same seed draws the same fleet (default 1)
  --minutes N        how long (default: until the rollout is over, else until Ctrl-C)
  --workers N        processes that play the boxes (default: one for each 5000)
  --json             a JSON line at the end instead of the table
  --own              a server of its own in a temporary folder (the default)
  --server URL       a server that runs already; its devices stay there afterwards
  --fleet NAME       of that server (default main)
  --token-file FILE  file with an API token of that server, or:
  --user NAME        who logs in there (default admin)
  --password-file F  file with the password of that user
  --ca-file FILE     authority of that server, its ca.crt
  --help             this text
`;

const OPTIONS = {
  devices: { type: 'string', default: '100' },
  scenario: { type: 'string', default: 'steady' },
  seed: { type: 'string', default: '1' },
  minutes: { type: 'string' },
  workers: { type: 'string' },
  json: { type: 'boolean', default: false },
  own: { type: 'boolean', default: false },
  server: { type: 'string' },
  fleet: { type: 'string', default: 'main' },
  user: { type: 'string', default: 'admin' },
  'token-file': { type: 'string' },
  'password-file': { type: 'string' },
  'ca-file': { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const BOXES_A_WORKER = 5000;

/** @throws Error that says which argument is wrong */
export function parseSimulateArguments(args: readonly string[]): SimulateRequest | 'help' {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return 'help';
  const devices = parseCount('--devices', values.devices, 20_000);
  const workers =
    values.workers === undefined
      ? Math.ceil(devices / BOXES_A_WORKER)
      : parseCount('--workers', values.workers, 64);
  const { scenario, json } = values;
  const seed = parseCount('--seed', values.seed, 1_000_000);
  return {
    ...{ devices, workers, scenario, seed, json },
    ...(values.minutes !== undefined && { minutes: parseMinutes(values.minutes) }),
    ...parseServer(values),
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function parseServer(values: Values): Pick<SimulateRequest, 'server'> {
  const { server: url, own, fleet = 'main', user = 'admin' } = values;
  const { 'token-file': tokenFile, 'password-file': passwordFile, 'ca-file': caFile } = values;
  if (url === undefined) {
    if ((tokenFile ?? passwordFile ?? caFile) !== undefined)
      throw new Error('--token-file, --password-file and --ca-file go with --server');
    return {};
  }
  if (own === true) throw new Error('give either --own or --server');
  if ((tokenFile === undefined) === (passwordFile === undefined))
    throw new Error('--server needs --token-file or --password-file');
  return {
    server: {
      ...{ url, fleet, user },
      ...(tokenFile !== undefined && { tokenFile }),
      ...(passwordFile !== undefined && { passwordFile }),
      ...(caFile !== undefined && { caFile }),
    },
  };
}

function parseCount(flag: string, text: string, most: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new Error(`${flag} takes 1 to ${most}, not "${text}"`);
  return count;
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not "${text}"`);
  return minutes;
}
