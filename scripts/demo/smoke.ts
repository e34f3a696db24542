import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { DeviceView, StoredEvent } from '@watchpost/shared/api/fleet.ts';
import { buildDemoBundle } from './bundle.ts';
import { type DemoFleet, startFleet } from './fleet.ts';
import { createFleetClient, type FleetClient } from './fleet-client.ts';
import { findFreePorts } from './free-ports.ts';
import { LAYOUT } from './layout.ts';
import { ensureParkVideo, type ParkVideo } from './park-videos.ts';
import type { Program } from './processes.ts';
import { computeScore } from './score.ts';

/** The last line of a smoke run. `lost` and `duplicates` compare what the boxes logged with what the server stored. */
export interface SmokeResult {
  readonly devices: number;
  readonly framesClassified: number;
  readonly eventsStored: number;
  readonly outboxRows: number;
  readonly accuracy: number;
  readonly lost: number;
  readonly duplicates: number;
}

const SEEDS = { 'park-north': 11, 'park-south': 12 } as const;
const VIDEO_SEC = 40;
const EVENT_LIMIT_MS = 60_000;
const SETTLE_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 500;
/** A sample of the outbox that is younger than the end of the video by this much has counted the last event. */
const LAST_WORD_MS = 1_000;
/** A decision needs its votes, and the exit of a sighting as many again. */
const DECISION_MS = 1_500;

/**
 * Two boxes watch a drawn park each, once through. On the way the boxes are restarted (they resume their model from
 * disk) and the server is killed (what the boxes see meanwhile waits on them).
 */
export async function runSmoke(signal: AbortSignal, say: (text: string) => void): Promise<SmokeResult> {
  await rm(LAYOUT.smoke, { recursive: true, force: true });
  const videos = new Map<string, ParkVideo>();
  for (const [id, seed] of Object.entries(SEEDS))
    videos.set(id, await ensureParkVideo(seed, VIDEO_SEC, signal));
  const [httpPort, mqttPort] = await findFreePorts();
  const state = LAYOUT.smoke;
  const boxes = [...videos].map(([id, { file }]) => ({ id, cameras: [{ id: 'gate', name: 'Gate', file }] }));
  const bundle = await buildDemoBundle(state, undefined, videos.get('park-north'));
  const fleet = await startFleet({ state, httpPort, mqttPort, boxes, bundle }, say);
  signal.addEventListener('abort', () => void fleet.stop(), { once: true });
  try {
    return await exercise(fleet, videos, say);
  } finally {
    await fleet.stop();
  }
}

async function exercise(
  fleet: DemoFleet,
  videos: ReadonlyMap<string, ParkVideo>,
  say: (text: string) => void,
): Promise<SmokeResult> {
  const client = createFleetClient(fleet);
  await Promise.all(fleet.boxes.map((box) => box.logged('model active', EVENT_LIMIT_MS)));
  say('both boxes run the bundle; restarting them, so that they resume it from disk …');
  await fleet.restartBoxes();
  const restartedAtMs = Date.now();
  await Promise.all(fleet.boxes.map((box) => nextEvent(box)));
  say('both boxes report; killing the server …');
  await fleet.killServer();
  await Promise.all(fleet.boxes.map((box) => nextEvent(box)));
  say('both boxes went on without it; starting it again …');
  await fleet.startServer();
  const devices = await settle(client);
  say('both videos are over and every outbox is empty');
  const stored = await client.events();
  const logged = fleet.boxes.flatMap((box) => loggedEvents(box).map((key) => `${box.name} ${key}`));
  return summarise(devices, stored, { logged, videos, sinceMs: restartedAtMs });
}

/** Resolves with the next event the box logs. */
function nextEvent(box: Program): Promise<unknown> {
  const before = box.lines().filter(({ msg }) => msg === 'event').length;
  return poll(
    async () => box.lines().filter(({ msg }) => msg === 'event').length > before,
    EVENT_LIMIT_MS,
    `${box.name} decides something`,
  );
}

/** Waits until both videos are over and everything that was to be said has been stored. */
async function settle(client: FleetClient): Promise<readonly DeviceView[]> {
  let devices: readonly DeviceView[] = [];
  const isSettled = ({ cameras, telemetry, connection }: DeviceView): boolean =>
    connection !== 'disconnected' &&
    telemetry?.outbox.rows === 0 &&
    cameras.every(
      ({ status }) => status?.code === 'CAMERA_ENDED' && status.tsMs < telemetry.tsMs - LAST_WORD_MS,
    );
  await poll(
    async () => {
      devices = await client.devices();
      return devices.every(isSettled);
    },
    SETTLE_LIMIT_MS,
    'the videos end and the outboxes empty',
  );
  return devices;
}

interface Evidence {
  /** Keys of the events the boxes logged. */
  readonly logged: readonly string[];
  readonly videos: ReadonlyMap<string, ParkVideo>;
  readonly sinceMs: number;
}

function summarise(
  devices: readonly DeviceView[],
  stored: readonly StoredEvent[],
  evidence: Evidence,
): SmokeResult {
  const keys = stored.map(
    ({ deviceId, camera, id, type, tsMs }) => `${deviceId} ${camera} ${id} ${type} ${tsMs}`,
  );
  const distinct = new Set(keys);
  const scores = [...evidence.videos].map(([id, { truth }]) => {
    const events = stored.filter(({ deviceId, tsMs }) => deviceId === id && tsMs >= evidence.sinceMs);
    return computeScore(truth, events, DECISION_MS, 'none');
  });
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const lost = evidence.logged.filter((key) => !distinct.has(key));
  for (const key of lost) process.stderr.write(`demo: lost ${key}\n`);
  return {
    devices: devices.length,
    framesClassified: sum(
      devices.flatMap(({ cameras }) => cameras.map(({ stats }) => stats?.processedTotal ?? 0)),
    ),
    eventsStored: stored.length,
    outboxRows: sum(devices.map(({ telemetry }) => telemetry?.outbox.rows ?? 0)),
    accuracy: Number(
      (sum(scores.map(({ right }) => right)) / sum(scores.map(({ judged }) => judged))).toFixed(3),
    ),
    lost: lost.length,
    duplicates: keys.length - distinct.size,
  };
}

function loggedEvents(box: Program): readonly string[] {
  return box
    .lines()
    .filter(({ msg }) => msg === 'event')
    .map(({ camera, id, type, tsMs }) => `${camera} ${id} ${type} ${tsMs}`);
}

async function poll(isDone: () => Promise<boolean>, limitMs: number, what: string): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs / 1000} s, but not seen: ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
