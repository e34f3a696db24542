import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileBundleStore } from '@watchpost/agent/update/file-bundle-store.ts';
import { silentLogger } from '@watchpost/shared/kernel/log.ts';
import type { BenchFleet } from './broker.ts';
import type { BenchModel } from './data.ts';

/** A box as enrolment and a deployment leave it on the disk. */
export interface LaidBox {
  readonly dataDir: string;
  /** Settings of the agent. */
  readonly config: string;
}

export interface BoxPlan {
  readonly scratch: string;
  readonly model: BenchModel;
  readonly fleet: Pick<BenchFleet, 'brokerUrl' | 'httpUrl'>;
  /** Entries of the agent's `cameras`. */
  readonly cameras: readonly Readonly<Record<string, unknown>>[];
  /** What else differs from the defaults. */
  readonly settings?: object;
}

export async function layBox({ scratch, model, fleet, cameras, settings }: BoxPlan): Promise<LaidBox> {
  const dataDir = await mkdtemp(join(scratch, 'box-'));
  await layIdentity(dataDir, fleet.brokerUrl);
  await layModel(dataDir, model);
  const config = join(dataDir, 'agent.yaml');
  await writeFile(config, JSON.stringify({ ...settings, dataDir, server: { url: fleet.httpUrl }, cameras }));
  return { dataDir, config };
}

async function layIdentity(dataDir: string, brokerUrl: string): Promise<void> {
  const folder = join(dataDir, 'identity');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const directorKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
  const identity = { deviceId: 'bench-box', fleet: 'bench', brokerUrl, directorKey };
  await writeFile(join(folder, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });
  await writeFile(join(folder, 'secret'), randomBytes(32).toString('base64url'), { mode: 0o600 });
}

/** By the store the updater itself uses. Nothing was measured, so it runs on one thread. */
export async function layModel(dataDir: string, { folder, manifest }: BenchModel): Promise<void> {
  const store = await openFileBundleStore({ dataDir, log: silentLogger, reserveBytes: 0 });
  for (const file of manifest.files) await copyFile(join(folder, file.path), store.objectPath(file));
  const { digest } = await store.install(manifest);
  await store.prepareSwitch({ digest, deploymentId: 'bench' });
  await store.commitSwitch();
  await store.endTrial();
}
