import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Runs a baseline of the bench to its end.
 * @param script beside this file, for this Node
 * @returns what it printed, one JSON document
 * @throws Error with its last words
 */
export function runBaseline<Result>(script: string, request: object, signal: AbortSignal): Promise<Result> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return runJson<Result>([process.execPath, path, JSON.stringify(request)], signal);
}

/** @throws Error with its last words */
export async function runJson<Result>(command: readonly string[], signal: AbortSignal): Promise<Result> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [[code], out, words] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0)
    throw new Error(`${program} ${args[0] ?? ''} ended with ${code}: ${words.trim().slice(-500)}`);
  return JSON.parse(out) as Result;
}
