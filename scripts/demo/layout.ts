import { fileURLToPath } from 'node:url';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where the demo finds the project and keeps its own things; all state is below one git-ignored folder. */
export const LAYOUT = {
  agentCli: fromRoot('agent/src/cli.ts'),
  serverCli: fromRoot('fleet-server/src/server-cli.ts'),
  fleetctl: fromRoot('fleet-server/src/cli/fleetctl.ts'),
  demoModel: fromRoot('scripts/pet-park/model'),
  /** Everything a demo made; `--reset` clears it. */
  state: fromRoot('.demo/state'),
  /** What the smoke run made; cleared at its start. */
  smoke: fromRoot('.demo/smoke'),
  /** Drawn videos, kept by their content key. */
  videos: fromRoot('.demo/videos'),
} as const;
