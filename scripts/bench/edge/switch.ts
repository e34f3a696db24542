import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DemoFleet, startFleet } from '../../demo/fleet.ts';
import { findFreePorts } from '../../demo/free-ports.ts';
import type { Program } from '../../demo/processes.ts';
import { releaseBundle } from '../../demo/release.ts';
import { runFleetctl } from '../../demo/run-command.ts';
import { beginTrust, signModels } from '../../demo/trust.ts';
import { type LiveCameras, startLiveCameras } from './live-cameras.ts';
import type { Figure } from './targets.ts';
import type { BenchSubject, BenchWorld } from './world.ts';

const SUBJECT = 'switch';
const BOX = 'bench-box';
const CAMERAS = 4;
const LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 500;

/** A deployment by a fleet server of its own: self-test, shadow, switch. What it took is told by the box. */
export const benchSwitch: BenchSubject = async (world) => {
  const cameras = await startLiveCameras(await world.data.video360p());
  try {
    const state = join(world.scratch, 'fleet');
    const fleet = await openFleet(world, state, cameras);
    try {
      return await exercise(world, state, fleet);
    } finally {
      await fleet.stop();
    }
  } finally {
    await cameras.stop();
  }
};

async function openFleet(world: BenchWorld, state: string, cameras: LiveCameras): Promise<DemoFleet> {
  const { data, say } = world;
  const [httpPort, mqttPort] = await findFreePorts();
  const boxes = [{ id: BOX, cameras: cameras.configs(CAMERAS) }];
  return startFleet({ state, httpPort, mqttPort, boxes, bundle: data.int8.folder }, (text) =>
    say(`switch: ${text}`),
  );
}

async function exercise(world: BenchWorld, state: string, fleet: DemoFleet): Promise<readonly Figure[]> {
  const { data, say, signal } = world;
  const [box] = fleet.boxes;
  if (box === undefined) throw new TypeError('a fleet without a box');
  await untilActive(box, '1.0.0', signal);
  const access = ['--server', fleet.url, '--password-file', join(state, 'server/admin-password')];
  say('switch: another version of the model is released and deployed');
  const digest = await releaseBundle(await data.nextInt8(), state, access);
  await signModels(await beginTrust(state, access), access);
  const orderedMs = performance.now();
  await runFleetctl(['device', 'deploy', BOX, '--bundle', digest, ...access]);
  await untilActive(box, '2.0.0', signal);
  const wholeSec = (performance.now() - orderedMs) / 1000;
  const { tookMs, framesDropped } = await untilTold(access, signal);
  const note = `${CAMERAS} cameras 360p at 5 fps, as the box reports it`;
  return [
    {
      subject: SUBJECT,
      what: 'from the order to the new model (s)',
      value: wholeSec,
      note: 'with self-test and shadow',
    },
    { subject: SUBJECT, what: 'the switch itself (ms)', value: tookMs, note },
    { subject: SUBJECT, what: 'frames no model classified because of it', value: framesDropped, note },
  ];
}

const untilActive = (box: Program, version: string, signal: AbortSignal): Promise<unknown> =>
  poll(
    `the box runs version ${version}`,
    async () => box.lines().find((line) => line.msg === 'model active' && line.version === version),
    signal,
  );

interface SwitchTold {
  readonly kind: 'switch';
  readonly tookMs: number;
  readonly framesDropped: number;
}

/** What the box told of its latest switch. */
const untilTold = (access: readonly string[], signal: AbortSignal): Promise<SwitchTold> => {
  const look = async (): Promise<SwitchTold | undefined> => {
    const deployments: unknown = JSON.parse(
      await runFleetctl(['device', 'deployments', BOX, '--json', ...access]),
    );
    const told = findSwitches(deployments);
    return told.length > 1 ? told[0] : undefined;
  };
  return poll('the box tells of the switch', look, signal);
};

/** The latest deployment comes first. */
function findSwitches(value: unknown): readonly SwitchTold[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('kind' in value && value.kind === 'switch') return [value as SwitchTold];
  return Object.values(value).flatMap(findSwitches);
}

async function poll<Found>(
  what: string,
  look: () => Promise<Found | undefined>,
  signal: AbortSignal,
): Promise<Found> {
  const endMs = performance.now() + LIMIT_MS;
  for (let found = await look(); performance.now() < endMs; found = await look()) {
    if (found !== undefined) return found;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
  throw new Error(`waited ${LIMIT_MS / 1000} s, but not seen: ${what}`);
}
