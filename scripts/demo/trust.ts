import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runFleetctl } from './run-command.ts';

/** The signers of the demo: one key for each role, all on this machine. */
export interface DemoSigners {
  /** What every box is given as `trust.rootFile`. */
  readonly rootFile: string;
  readonly modelsKey: string;
}

/** Holds the ceremony of the demo's fleet, unless it was held before. */
export async function beginTrust(state: string, access: readonly string[]): Promise<DemoSigners> {
  const folder = join(state, 'keys', 'trust');
  const signers = { rootFile: join(folder, '1.root.json'), modelsKey: join(folder, 'models-1.key') };
  if (existsSync(signers.rootFile)) return signers;
  const one = ['root', 'targets'].flatMap((role) => [`--${role}-keys`, '1', `--${role}-threshold`, '1']);
  await runFleetctl(['keys', 'init', '--out', folder, ...one, ...access]);
  return signers;
}

/** Lets boxes install what was released: what they trust names it from now on. */
export async function signModels({ modelsKey }: DemoSigners, access: readonly string[]): Promise<void> {
  const reply = await runFleetctl(['keys', 'list', '--json', ...access]);
  const { staged } = JSON.parse(reply) as { readonly staged: readonly { readonly role: string }[] };
  if (staged.some(({ role }) => role === 'models')) {
    await runFleetctl(['sign', 'models', '--key', modelsKey, ...access]);
  }
}
