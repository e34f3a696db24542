import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '../package/agent-starter.ts';
import { compileAgent } from './edge/compiled-agent.ts';
import { DEFAULT_DATA, openData } from './edge/data.ts';
import { EDGE_SUBJECTS, formatSubjects } from './edge/subjects.ts';
import { type Figure, formatFigures, judgeTargets } from './edge/targets.ts';

const HELP = `npm run bench -- ${Object.keys(EDGE_SUBJECTS).join('|')} … : what the agent costs here.

Every figure is a ratio to a real program that runs in the same minute: ONNX Runtime's own profiler,
the very ffmpeg of the agent with its output thrown away, Python with OpenCV, TensorFlow.js. The
agent is "watchpost-agent run", compiled as for a package, a process of its own with a model on its
disk, and a broker that receipts.

${formatSubjects(EDGE_SUBJECTS)}

  --data DIR         real models and clips (default: ../shared/data beside this folder); without
                     them the project's own small model and a drawn clip stand in
  --minutes N        how long memory is watched (default 5)
  --quick            short runs, as for CI: every path is taken, the figures are of little worth
  --cpu-prof FOLDER  leave CPU profiles of the agents there
  --json             the JSON line alone
  --help             this text

The last line is JSON: {"targets": {NAME: {"value", "target", "met"}}}. Exit code 0 when everything
was measured, 1 when something could not be, 2 for wrong use; a target that is missed changes
nothing.
`;

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string', default: DEFAULT_DATA },
        minutes: { type: 'string', default: '5' },
        quick: { type: 'boolean', default: false },
        'cpu-prof': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(what: string): never {
  say(`${what}; npm run bench -- infer --help`);
  process.exit(2);
}

async function main(): Promise<number> {
  const { values, positionals } = parse();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= 24 * 60))
    refuse(`--minutes takes a number above 0, not "${values.minutes}"`);
  const unknown = positionals.find((name) => !Object.hasOwn(EDGE_SUBJECTS, name));
  if (unknown !== undefined) refuse(`there is no subject ${unknown} beside those of the agent`);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error(`ended by ${signal}`)));
  const scratch = await mkdtemp(join(tmpdir(), 'watchpost-bench-'));
  const figures: Figure[] = [];
  try {
    const data = await openData(resolve(values.data), scratch, say);
    const profiles = values['cpu-prof'] === undefined ? undefined : resolve(values['cpu-prof']);
    const needsAgent = positionals.some((name) => name !== 'infer');
    const program = needsAgent ? await compileAgent(scratch) : [];
    const world = {
      data,
      program,
      environment: await readEnvironment(),
      scratch,
      isQuick: values.quick,
      minutes,
      profiles,
      signal: stopping.signal,
      say,
    };
    for (const name of positionals) {
      stopping.signal.throwIfAborted();
      const bench = await EDGE_SUBJECTS[name]?.load();
      if (bench !== undefined) figures.push(...(await bench(world)));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const targets = judgeTargets(figures);
  if (!values.json) process.stdout.write(formatFigures(figures));
  process.stdout.write(`${JSON.stringify({ targets })}\n`);
  return figures.some(({ value }) => value === undefined) ? 1 : 0;
}

try {
  // What still runs would keep the process.
  process.exit(await main());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
