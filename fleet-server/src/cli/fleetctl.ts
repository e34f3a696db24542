#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { runFleetctl } from './run-fleetctl.ts';

/** Rows of the terminal that the next progress writes over. */
let openRows = 0;
const countRows = (text: string): number =>
  text
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / (process.stderr.columns || 80))), 0);
const closeRows = (): void => {
  if (openRows > 0) process.stderr.write('\n');
  openRows = 0;
};
const writeLine = (line: string): void => {
  closeRows();
  process.stderr.write(`${line}\n`);
};
/** Goes back to where the open rows begin, and clears all below. */
const rewind = (): string => `\r${openRows > 1 ? `\u001b[${openRows - 1}A` : ''}\u001b[J`;

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

process.exitCode = await runFleetctl(process.argv.slice(2), {
  env: process.env,
  out: (line) => {
    closeRows();
    process.stdout.write(`${line}\n`);
  },
  error: writeLine,
  ...(process.stdin.isTTY && process.stderr.isTTY && { confirm }),
  // A line that moves belongs on a terminal; in a log it would only be noise.
  progress: (line, state) => {
    if (!process.stderr.isTTY) return state === 'moving' ? undefined : writeLine(line);
    if (state === 'logged') return;
    process.stderr.write(`${rewind()}${line}${state === 'done' ? '\n' : ''}`);
    openRows = state === 'moving' ? countRows(line) : 0;
  },
});
