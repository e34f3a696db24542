import { parseSimulateArguments, SIMULATE_HELP, type SimulateRequest } from './simulate/arguments.ts';
import { formatResult } from './simulate/result-table.ts';
import { loadScenario } from './simulate/scenario-file.ts';
import { simulate } from './simulate/simulation.ts';
import { joinWorld, openOwnWorld } from './simulate/world.ts';

const say = (text: string): void => void process.stderr.write(`simulate: ${text}\n`);
/** On a terminal one line that is written anew, else one each so often. */
const PROGRESS_EVERY_MS = 5000;

function createProgress(): (text: string) => void {
  let saidMs = -PROGRESS_EVERY_MS;
  return (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2Ksimulate: ${text}\r`);
    else if (performance.now() - saidMs >= PROGRESS_EVERY_MS) {
      saidMs = performance.now();
      say(text);
    }
  };
}

async function main(): Promise<number> {
  const request = parseSimulateArguments(process.argv.slice(2));
  if (request === 'help') {
    process.stdout.write(SIMULATE_HELP);
    return 0;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  await run(request, stopping.signal);
  return 0;
}

async function run(request: SimulateRequest, signal: AbortSignal): Promise<void> {
  const scenario = await loadScenario(request.scenario);
  say(`scenario ${request.scenario}: ${scenario.description}`);
  if (scenario.acceleration > 1)
    say(
      `soak, steps of a deployment and pace of the orders are ${scenario.acceleration} times faster than real`,
    );
  const { server, json, minutes } = request;
  const plan = { ...request, scenario };
  const world = server === undefined ? await openOwnWorld(plan, say) : await joinWorld(plan, server, say);
  try {
    const { server: url, user, password } = world.access;
    if (world.own !== undefined) say(`the server is at ${url}, user ${user}, password ${password}`);
    const limitSec = minutes === undefined ? undefined : minutes * 60;
    const result = await simulate(world, { limitSec, say, progress: createProgress() }, signal);
    if (process.stderr.isTTY) process.stderr.write('\n');
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : formatResult(result));
  } finally {
    await world.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
