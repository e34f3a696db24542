import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LAYOUT } from './layout.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;

/**
 * Runs a program of the project to its end.
 * @returns its standard output
 * @throws Error with what it said on standard error
 */
async function runScript(script: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(process.execPath, [script, ...args], {
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim();
    throw new Error(said === undefined || said === '' ? `${script} ${args[0]} failed` : said, { cause });
  }
}

export const runFleetctl = (args: readonly string[]): Promise<string> => runScript(LAYOUT.fleetctl, args);
export const runAgentCli = (args: readonly string[]): Promise<string> => runScript(LAYOUT.agentCli, args);
