import { type ExecFileException, type ExecFileOptions, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const LAST_LINES = 12;

/** Runs a program to its end. @returns its output @throws Error with what it said last */
export async function execute(
  program: string,
  args: readonly string[],
  options: Pick<ExecFileOptions, 'cwd' | 'env'> = {},
): Promise<string> {
  try {
    const { stdout } = await run(program, [...args], { ...options, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } catch (cause) {
    const { stderr = '', stdout = '' } = cause as ExecFileException;
    const said = `${stdout}${stderr}`.trim().split('\n').slice(-LAST_LINES).join('\n');
    throw new Error(`${program} ${args.join(' ')}: ${said}`, { cause });
  }
}
