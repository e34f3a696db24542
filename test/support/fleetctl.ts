import assert from 'node:assert/strict';
import { runFleetctl } from '../../fleet-server/src/cli/run-fleetctl.ts';

/** How fleetctl reaches a server, as its user `admin`. */
export type FleetctlAccess = Readonly<Record<'WATCHPOST_SERVER' | 'WATCHPOST_PASSWORD_FILE', string>>;

export interface FleetctlRun {
  readonly status: 0 | 1 | 2;
  readonly out: string;
  readonly error: string;
  /** Lines of progress that stay. */
  readonly progress: readonly string[];
}

/** Runs fleetctl in this process. */
export async function fleetctl(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<FleetctlRun> {
  const out: string[] = [];
  const error: string[] = [];
  const progress: string[] = [];
  const status = await runFleetctl(args, {
    env,
    out: (line) => void out.push(line),
    error: (line) => void error.push(line),
    progress: (line, state) => void (state === 'done' && progress.push(line)),
  });
  return { status, out: out.join('\n'), error: error.join('\n'), progress };
}

/** Runs it; every line it prints for people fits a terminal. */
export async function fleetctlInTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<FleetctlRun> {
  const result = await fleetctl(args, env);
  for (const line of [result.out, ...result.progress].flatMap((text) => text.split('\n')))
    assert.ok(args.includes('--json') || line.length <= 100, line);
  return result;
}
