import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTerminal } from '@watchpost/shared/lifecycle/table.ts';
import { DEPLOYMENT_LIFECYCLE } from '../../shared/src/lifecycle/deployment.ts';
import { type FaultBox, openFaultBox } from './fault-box.ts';
import { type DraftBundle, draftColours, openPublisher, type ReleasedBundle } from './fault-bundles.ts';
import { type FaultCamera, makeColourClip, startFaultCamera } from './fault-camera.ts';
import { mountSmallDisk, type SmallDisk } from './fault-disk.ts';
import { type FaultServer, startFaultServer } from './fault-server.ts';
import { until } from './until.ts';

/** A fleet of one box with two cameras, every part of it real: what a fault is mounted on. */
export interface FaultWorld {
  readonly folder: string;
  readonly server: FaultServer;
  readonly camera: FaultCamera;
  /** File of the camera `clip`. */
  readonly clip: string;
  readonly cameraIds: readonly string[];
  /** Sound models that say the same: more than a box keeps. */
  readonly good: readonly ReleasedBundle[];
  readonly random: () => number;
  /** Everything boxes may install. */
  released(): readonly ReleasedBundle[];
  box(): FaultBox;
  /** On which the box keeps its data; undefined where this process may not mount one. */
  disk(): SmallDisk | undefined;
  /** Joins the box to the fleet once more, as a technician would. */
  enrolAgain(): Promise<void>;
  /** Another box, new to the fleet, in place of the one before; it runs `good[0]`. */
  renewBox(): Promise<void>;
  /** One that no bundle has. */
  nextVersion(): string;
  release(bundle: DraftBundle): Promise<ReleasedBundle>;
  /** A sound model that is not on the box, so that it is downloaded whole. */
  fresh(): Promise<ReleasedBundle>;
  /** Resolves when the box has tidied up after a deployment. */
  quiet(): Promise<void>;
  /** Orders a bundle. @returns the id of the deployment */
  deploy(bundle: ReleasedBundle): Promise<string>;
  /** Resolves with the state in which the server sees the deployment end. */
  outcome(deploymentId: string, limitMs?: number): Promise<string>;
  /** @param failed what it did not survive: then its folder is left to be looked at, where that is asked for */
  close(failed?: string): Promise<void>;
}

/** Environment variable; when it is set, worlds that did not survive stay on the disk. */
const KEEP_VARIABLE = 'FAULT_KEEP';

export interface WorldOptions {
  readonly random: () => number;
  /** Default: no TLS. */
  readonly tls?: boolean;
  /** For the agent, beside those of the world. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A self-test whose process stands still is given up after two minutes. */
const OUTCOME_LIMIT_MS = 180_000;
/** Long enough to be seen, short enough to be had a hundred times. */
const UPDATE = { shadow: { frames: 5, minutes: 0.2, share01: 1 }, probation: { minutes: 0.02 } };

export async function openFaultWorld(options: WorldOptions): Promise<FaultWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'watchpost-faults-'));
  const server = await startFaultServer(folder, options.tls === true ? [] : ['--plain']);
  const clip = await makeColourClip(folder, 6);
  const camera = await startFaultCamera(clip, folder);
  const publisher = await openPublisher(folder, {
    WATCHPOST_SERVER: server.url,
    WATCHPOST_PASSWORD_FILE: server.passwordFile,
    ...(options.tls === true && { WATCHPOST_CA_FILE: join(folder, 'server', 'ca.crt') }),
  });
  const released: ReleasedBundle[] = [];
  const release = async (bundle: DraftBundle): Promise<ReleasedBundle> => {
    const added = await publisher.release(bundle);
    released.push(added);
    return added;
  };
  const good: ReleasedBundle[] = [];
  for (const index of [0, 1, 2, 3])
    good.push(await release(draftColours(`1.${index}.0`, 0.02 + index / 1000)));
  let count = 0;
  let box: FaultBox | undefined;
  let disk: SmallDisk | undefined;
  const openBox = async (): Promise<FaultBox> => {
    count += 1;
    const id = `box-${count}`;
    disk?.unmount();
    disk = mountSmallDisk(join(folder, id, 'disk'));
    const opened = await openFaultBox({
      id,
      folder: join(folder, id),
      dataDir: join(folder, id, 'disk', 'data'),
      settings: composeSettings({ server, rootFile: publisher.rootFile, clip, camera, options }),
    });
    await opened.enrol(await publisher.makeToken());
    return opened;
  };
  const current = (): FaultBox => {
    if (box === undefined) throw new Error('the world has no box yet');
    return box;
  };
  const deploy = (bundle: ReleasedBundle): Promise<string> => server.deploy(current().id, bundle.digest);
  const outcome = async (deploymentId: string, limitMs = OUTCOME_LIMIT_MS): Promise<string> => {
    let state = 'unknown';
    await until(
      `deployment ${deploymentId} ends`,
      async () => {
        const { deployment } = await server.device(current().id);
        if (deployment?.id === deploymentId) ({ state } = deployment);
        return deployment?.id === deploymentId && isTerminal(DEPLOYMENT_LIFECYCLE, deployment.state);
      },
      limitMs,
    ).catch((cause: unknown) => {
      throw new Error(`the deployment is still ${state}`, { cause });
    });
    return state;
  };
  const renewBox = async (): Promise<void> => {
    await box?.kill();
    box = await openBox();
    await box.start();
    const state = await outcome(await deploy(good[0] as ReleasedBundle));
    if (state !== 'success') throw new Error(`a new box ends its first deployment in ${state}`);
    const sinceMs = performance.now();
    await until('both cameras of a new box flow', () => current().flowing(sinceMs).length === 2);
  };
  const fresh = async (): Promise<ReleasedBundle> => {
    const { activeBundle } = await server.device(current().id);
    const at = good.findIndex(({ digest }) => digest === activeBundle?.digest);
    const inTurn = good
      .map((_, index) => good[(at + 1 + index) % good.length] as ReleasedBundle)
      .slice(0, -1);
    const isKept = ({ digest }: ReleasedBundle) => existsSync(join(current().dataDir, 'bundles', digest));
    return inTurn.find((bundle) => !isKept(bundle)) ?? (inTurn[0] as ReleasedBundle);
  };
  const quiet = async (): Promise<void> => {
    const { dataDir } = current();
    await until(
      'nothing is left of a download',
      async () => (await readdir(join(dataDir, 'bundles'))).length <= 2,
    );
  };
  const world: FaultWorld = {
    folder,
    server,
    camera,
    cameraIds: ['clip', 'street'],
    good,
    random: options.random,
    released: () => released,
    clip,
    box: current,
    disk: () => disk,
    enrolAgain: async () => current().enrol(await publisher.makeToken()),
    renewBox,
    nextVersion: () => `2.${released.length}.0`,
    release,
    fresh,
    quiet,
    deploy,
    outcome,
    close: async (failed) => {
      await box?.kill();
      await server.program().kill();
      await camera.stop();
      if (failed === undefined || process.env[KEEP_VARIABLE] === undefined) disk?.unmount();
      if (failed === undefined || process.env[KEEP_VARIABLE] === undefined) {
        await rm(folder, { recursive: true, force: true });
      } else process.stderr.write(`kept ${folder}: ${failed}\n`);
    },
  };
  try {
    await renewBox();
    return world;
  } catch (error) {
    const log = await readFile(join(folder, `box-${count}`, 'agent.log'), 'utf8').catch(() => '');
    await world.close();
    throw new Error(`the world did not begin: ${log.slice(-2_000)}`, { cause: error });
  }
}

interface SettingsParts {
  readonly server: FaultServer;
  readonly rootFile: string;
  readonly clip: string;
  readonly camera: FaultCamera;
  readonly options: WorldOptions;
}

function composeSettings({
  server,
  rootFile,
  clip,
  camera,
  options,
}: SettingsParts): Record<string, unknown> {
  const caFile = join(server.database, '..', 'ca.crt');
  return {
    server: { url: server.url, ...(options.tls === true && { caFile }) },
    trust: { rootFile },
    cameras: [
      { id: 'clip', file: clip, loop: true, fps: 10 },
      // Pictures of one colour, one after the other, are other light, and nothing that moves.
      { id: 'street', url: camera.url, fps: 10, motion: { gate: 'off' } },
    ],
    update: UPDATE,
    inference: { threads: 1 },
    telemetry: { intervalSec: 1, summarySec: 10 },
    pictures: { idleSec: 5 },
    ...options.settings,
  };
}
