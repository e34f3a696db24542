import { parseArgs } from 'node:util';
import { agentError } from '../kernel/errors.ts';

export const BENCH_USAGE = `How many cameras like this one this box carries with this model. Stop the agent meanwhile.

watchpost-agent bench rtsp://...|http://...|FILE [options]

  --model BUNDLE           folder of a bundle (default: the model this box runs)
  --fps N                  frames classified per second and camera (default 5)
  --credentials-file FILE  user:password of the camera
  --config FILE            settings of the agent, to find the model it runs
  --write FILE             leave the best settings there, as YAML; FILE must not exist
  --json                   the report as one JSON document

A camera is recorded for 40 seconds, once: everything is measured on that, so it is not asked for
more than it can give. Measured are the CPU of decoding it (in software, and with each hardware
decoder this box offers), and a run of each variant of the model. Then so many cameras are really
run, more or fewer, until the limit is found. Takes some minutes.
Exit code: 0 done, 1 not a single camera is carried or the camera cannot be read, 2 wrong use.
`;

export interface BenchRequest {
  readonly source: string;
  readonly model?: string;
  readonly fps: number;
  readonly credentialsFile?: string;
  readonly config?: string;
  readonly write?: string;
  readonly json: boolean;
}

/** @throws AppError USAGE_INVALID */
export function parseBenchArguments(argv: readonly string[]): BenchRequest | 'help' {
  const { values, positionals } = parseFlags(argv);
  if (values.help) return 'help';
  const [source, ...more] = positionals;
  if (source === undefined || more.length > 0)
    throw agentError('USAGE_INVALID', 'name one camera: its rtsp:// or http:// address, or a video file');
  const fps = Number(values.fps);
  if (!(fps >= 0.2 && fps <= 30))
    throw agentError('USAGE_INVALID', `--fps ${values.fps} is not from 0.2 to 30`);
  const { model, config, write, 'credentials-file': credentialsFile } = values;
  return {
    ...{ source, fps, json: values.json },
    ...(model !== undefined && { model }),
    ...(config !== undefined && { config }),
    ...(write !== undefined && { write }),
    ...(credentialsFile !== undefined && { credentialsFile }),
  };
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        model: { type: 'string' },
        fps: { type: 'string', default: '5' },
        'credentials-file': { type: 'string' },
        config: { type: 'string' },
        write: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw agentError('USAGE_INVALID', cause.message, { cause });
  }
}
