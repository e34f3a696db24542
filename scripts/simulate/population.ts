import type { DeviceMetadata, Site } from '@watchpost/shared/api/targeting.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { ActiveBundle, Birth, Hardware } from '@watchpost/shared/messages/birth.ts';
import { createRandom, type Random } from '../pet-park/random.ts';
import { type Behaviour, type Board, behaviourOf, type Scenario } from './scenario.ts';

const MB = 1024 * 1024;
const TIMEZONES = ['Europe/Madrid', 'Europe/Lisbon', 'America/New_York', 'Asia/Tokyo'] as const;

/** How the deployment of one version ends on one box. */
export type Ending = 'success' | 'failure' | 'rolled_back' | 'rejected';

/** What a virtual box is, from its first day on. */
export interface BoxTraits {
  readonly id: string;
  readonly fleet: string;
  readonly hardware: Hardware;
  readonly cameras: Birth['cameras'];
  readonly board: Board;
  /** What runs at first. */
  readonly initial: ActiveBundle | undefined;
  readonly startsOffline: boolean;
  /** When it connects first, after the beginning. */
  readonly rampMs: number;
  readonly downloadMs: number;
  readonly isRestored: boolean;
  behaviour(version: string): Behaviour;
  endingOf(version: string): Ending;
}

/** One fleet: the same seed, the same boxes. */
export interface Population {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly fleet: string;
  /** By version, those the server knows. */
  readonly bundles: Readonly<Record<string, ActiveBundle>>;
}

/** What the boxes of a server of the simulation's own run. */
export const MODEL = 'sim-pets';

export const nameBox = ({ seed }: Pick<Population, 'seed'>, index: number): string =>
  `sim-${seed}-${String(index + 1).padStart(5, '0')}`;

/** What a box of a plain listener shows as its secret. Anybody can compute it: only for a server made for a simulation. */
export const secretOf = (id: string, seed: number): string => sha256Hex(`simulated secret ${seed} ${id}`);

/** The epoch of a box's numbering; a disk that goes back in time begins another one. */
export const epochOf = (id: string, number: number): string =>
  sha256Hex(`simulated epoch ${id} ${number}`).slice(0, 16);

export function planBox(population: Population, index: number): BoxTraits {
  const { scenario, seed, fleet, bundles } = population;
  const { boxes, network, acceleration, rampSec, restored } = scenario;
  const id = nameBox(population, index);
  const random = createRandom(seed, 'box', index);
  const board = pickShare(boxes.boards, ({ share }) => share, random);
  const [version] = pickShare(Object.entries(boxes.versions), ([, share]) => share, random);
  const isSlow = random.chance(network.slow01);
  const spread = Math.exp(0.4 * random.normal()) * (isSlow ? network.slowTimes : 1);
  return {
    id,
    fleet,
    board,
    initial: bundles[version],
    hardware: toHardware(board),
    cameras: Array.from({ length: boxes.cameras }, (_, at) => ({
      id: `cam-${at + 1}`,
      name: `Camera ${at + 1}`,
      kind: 'rtsp' as const,
    })),
    startsOffline: random.chance(network.offline01),
    rampMs: random.range(0, rampSec * 1000),
    downloadMs: (network.downloadSec * 1000 * spread) / acceleration,
    isRestored: random.chance(restored.share),
    behaviour: (wanted) => behaviourOf(scenario, wanted),
    endingOf: (wanted) => drawEnding(behaviourOf(scenario, wanted), createRandom(seed, id, wanted)),
  };
}

/** Sites of the fleet. */
export function planSites({ scenario }: Pick<Population, 'scenario'>): readonly Site[] {
  return Array.from({ length: scenario.boxes.sites }, (_, at) => ({
    id: `site-${at + 1}`,
    name: `Site ${at + 1}`,
    timezone: TIMEZONES[at % TIMEZONES.length] ?? TIMEZONES[0],
  }));
}

/** What people say of a box. */
export function planMetadata({ scenario, seed }: Population, index: number): DeviceMetadata {
  const { sites, tags } = scenario.boxes;
  const random = createRandom(seed, 'metadata', index);
  const own = Object.keys(tags).filter((tag) => random.chance(tags[tag] ?? 0));
  return {
    ...(sites > 0 && { site: `site-${random.int(sites) + 1}` }),
    tags: own.sort(),
    attrs: { simulated: true },
  };
}

function toHardware({ name, arch, cores, memoryMb }: Board): Hardware {
  const os = 'simulated';
  return { board: name, cpu: name, cores, memoryBytes: memoryMb * MB, os, arch, gpu: [] };
}

function drawEnding({ failure, rolledBack, rejected }: Behaviour, random: Random): Ending {
  const drawn = random.next();
  if (drawn < failure) return 'failure';
  if (drawn < failure + rolledBack) return 'rolled_back';
  return drawn < failure + rolledBack + rejected ? 'rejected' : 'success';
}

function pickShare<T>(list: readonly T[], shareOf: (item: T) => number, random: Random): T {
  const sum = list.reduce((total, item) => total + shareOf(item), 0);
  let left = random.next() * sum;
  const found = list.find((item) => {
    left -= shareOf(item);
    return left < 0;
  });
  const chosen = found ?? list.at(-1);
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
