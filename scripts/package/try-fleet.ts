import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeviceList, type DeviceView } from '@watchpost/shared/api/fleet.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import { releaseBundle } from '../demo/release.ts';
import { runFleetctl } from '../demo/run-command.ts';
import { beginTrust, signModels } from '../demo/trust.ts';

/** The server inside the root, as people with fleetctl on this machine use it. */
export interface TryFleet {
  readonly url: string;
  readonly ca: string;
  /** Holds the ceremony and releases the bundle. @returns its digest, and what boxes trust */
  release(bundle: string): Promise<{ readonly digest: string; readonly root: string }>;
  newToken(): Promise<string>;
  deploy(device: string, digest: string): Promise<void>;
  find(device: string): Promise<DeviceView | undefined>;
}

const parseDevices = createParser(DeviceList, 'list of devices');

/** @param dataDir of the server, as seen from here */
export async function openTryFleet(url: string, dataDir: string, state: string): Promise<TryFleet> {
  const caFile = join(dataDir, 'ca.crt');
  const access = ['--server', url, '--password-file', join(dataDir, 'admin-password')];
  // fleetctl is another process, and its callers here pass address and password only.
  process.env.WATCHPOST_CA_FILE = caFile;
  const ask = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse(await runFleetctl([...args, '--json', ...access]));
  return {
    url,
    ca: await readFile(caFile, 'utf8'),
    release: async (bundle) => {
      const signers = await beginTrust(state, access);
      const digest = await releaseBundle(bundle, state, access);
      await signModels(signers, access);
      return { digest, root: await readFile(signers.rootFile, 'utf8') };
    },
    newToken: async () => ((await ask('token', 'create')) as { readonly token: string }).token,
    deploy: async (device, digest) => void (await ask('device', 'deploy', device, '--bundle', digest)),
    find: async (device) => parseDevices(await ask('device', 'list')).devices.find(({ id }) => id === device),
  };
}
