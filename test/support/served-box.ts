import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoxStart, type FaultBox, openFaultBox } from './fault-box.ts';
import { type FaultServer, startFaultServer } from './fault-server.ts';
import { type FleetctlRun, fleetctl } from './fleetctl.ts';
import { layModel } from './installed-box.ts';

/** A server and `box-1` with its camera `gate` and the tiny model as processes of their own, and fleetctl in between. */
export interface ServedBox {
  readonly folder: string;
  readonly server: FaultServer;
  readonly box: FaultBox;
  readonly run: (...args: readonly string[]) => Promise<FleetctlRun>;
  stop(): Promise<void>;
}

/** @param record what the camera plays, in a loop; is given a folder to put it in */
export async function openServedBox(
  record: (folder: string) => Promise<string>,
  how: BoxStart = {},
): Promise<ServedBox> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-served-'));
  const server = await startFaultServer(folder, ['--plain']);
  const run: ServedBox['run'] = (...args) =>
    fleetctl(args, { WATCHPOST_SERVER: server.url, WATCHPOST_PASSWORD_FILE: server.passwordFile });
  const box = await openFaultBox({
    id: 'box-1',
    folder: join(folder, 'box'),
    dataDir: join(folder, 'box', 'data'),
    settings: {
      server: { url: server.url },
      cameras: [{ id: 'gate', file: await record(folder), loop: true, fps: 5 }],
    },
  });
  const stop = async (): Promise<void> => {
    await box.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await box.enrol((await run('token', 'create')).out);
    await layModel(box.dataDir);
    await box.start(how);
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, server, box, run, stop };
}
