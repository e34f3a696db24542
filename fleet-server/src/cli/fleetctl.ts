#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { runFleetctl } from './run-fleetctl.ts';

let isLineOpen = false;
const writeLine = (line: string): void => {
  if (isLineOpen) process.stderr.write('\n');
  isLineOpen = false;
  process.stderr.write(`${line}\n`);
};

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
    if (isLineOpen) process.stderr.write('\n');
    process.stdout.write(`${line}\n`);
  },
  error: writeLine,
  ...(process.stdin.isTTY && process.stderr.isTTY && { confirm }),
  // A line that moves belongs on a terminal; in a log it would only be noise.
  progress: (line, state) => {
    if (!process.stderr.isTTY) return state === 'done' ? writeLine(line) : undefined;
    process.stderr.write(`\r\u001b[K${line}${state === 'done' ? '\n' : ''}`);
    isLineOpen = state === 'moving';
  },
});
