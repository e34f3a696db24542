import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import { openFileBundleStore } from '../../agent/src/update/file-bundle-store.ts';
import { ROOT } from './imports.ts';
import { type TinyBundle, tinyBundle } from './tiny-bundle.ts';
import { until } from './until.ts';

/** Nothing listens there. */
export const NOWHERE = '127.0.0.1:1';

/** What `enrol` leaves on a box: its identity, here without a certificate. */
export async function layIdentity(dataDir: string, brokerUrl = `mqtt://${NOWHERE}`): Promise<void> {
  const folder = join(dataDir, 'identity');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { publicKey } = generateKeyPairSync('ed25519');
  const directorKey = publicKey.export({ type: 'spki', format: 'pem' });
  const identity = { deviceId: 'gate-3', fleet: 'park', brokerUrl, directorKey };
  await writeFile(join(folder, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });
  await writeFile(join(folder, 'secret'), randomBytes(32).toString('base64url'), { mode: 0o600 });
}

/** Installs the tiny model, which tells red, green and blue, as the one that classifies. */
export async function layModel(dataDir: string, change: Partial<Manifest> = {}): Promise<void> {
  await layBundle(dataDir, tinyBundle(change));
}

/** Installs a model of one file as the one that classifies. */
export async function layBundle(dataDir: string, { manifest, model }: TinyBundle): Promise<void> {
  const bundles = await openFileBundleStore({ dataDir, log: silentLogger, reserveBytes: 0 });
  for (const file of manifest.files) await writeFile(bundles.objectPath(file), model);
  const { digest } = await bundles.install(manifest);
  await bundles.prepareSwitch({ digest, deploymentId: 'deployment-1' });
  await bundles.commitSwitch();
  await bundles.endTrial();
}

export interface AgentProcess {
  readonly child: ChildProcess;
  /** What it logged so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first line of this message. */
  logs(message: string): Promise<Readonly<Record<string, unknown>>>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

/** `watchpost-agent run` as a process of its own. */
export function runAgent(options: {
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of node itself. */
  readonly nodeArgs?: readonly string[];
}): AgentProcess {
  const { config, env = {}, nodeArgs = [] } = options;
  const cli = join(ROOT, 'agent/src/cli.ts');
  const child = spawn(process.execPath, [...nodeArgs, cli, 'run', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, ...env },
  });
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const find = (message: string) => lines.find(({ msg }) => msg === message);
  return {
    child,
    lines,
    logs: async (message) => {
      await until(
        `logged "${message}"`,
        () => find(message) !== undefined || child.exitCode !== null,
        60_000,
      );
      const line = find(message);
      if (line === undefined) throw new Error(`ended without "${message}": ${JSON.stringify(lines.at(-1))}`);
      return line;
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}
