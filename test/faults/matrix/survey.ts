import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  type FaultPoint,
  type FileOperation,
  maskContentNames,
  nameOperation,
} from '../../support/fault-orders.ts';
import { loadTrace } from '../../support/fault-power-cut.ts';
import type { FaultWorld } from '../../support/fault-world.ts';

/** One file operation of an update. */
export interface UpdatePoint extends FaultPoint {
  readonly op: FileOperation['op'];
  /** Of a saved record of the deployment: its phase. */
  readonly phase?: string;
}

/** What a box does to its disk in one update, and what it keeps there: faults for all of it are made from this. */
export interface Survey {
  readonly points: readonly UpdatePoint[];
  /** Relative to the data folder; `#` stands for the digest of the champion, `*` for what is another on each box. */
  readonly stateFiles: readonly string[];
}

/** Lets a box make one whole update, and looks. */
export async function takeSurvey(world: FaultWorld): Promise<Survey> {
  const box = world.box();
  const file = join(box.folder, 'survey.jsonl');
  await box.life().order({ kind: 'trace', folder: box.dataDir, file });
  const bundle = await world.fresh();
  const state = await world.outcome(await world.deploy(bundle));
  if (state !== 'success') throw new Error(`the update that is surveyed ends in ${state}`);
  // What the agent tidies up after it told the end.
  await world.quiet();
  return {
    points: listPoints(loadTrace(file)),
    stateFiles: await listStateFiles(box.dataDir, bundle.digest),
  };
}

/** Every operation that another update comes to as well. */
export function listPoints(trace: readonly FileOperation[]): readonly UpdatePoint[] {
  const counts = new Map<string, number>();
  let synced: string | undefined;
  const all = trace.map((operation): UpdatePoint => {
    synced = operation.synced ?? synced;
    const name = nameOperation(operation);
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    const isSaved = operation.op === 'rename' && operation.to === 'deployment.json';
    const phase = isSaved ? readPhase(synced) : undefined;
    return { name, nth, op: operation.op, ...(phase !== undefined && { phase }) };
  });
  const ways = new Map<number, string | undefined>();
  for (const { nth, phase } of all) if (phase !== undefined) ways.set(nth, phase);
  return all.filter(({ name, nth }) => {
    // How often a phase is saved again while it lasts is for the clock to decide.
    if (name.includes('deployment.json')) return ways.get(nth) !== ways.get(nth - 1);
    // And how many pictures are kept, for the animals; how many pieces a download comes in, for the network.
    if (name.includes('evidence/')) return nth <= 2;
    if (name.startsWith('write objects/')) return nth <= 2 || nth === Math.floor((counts.get(name) ?? 0) / 3);
    return true;
  });
}

function readPhase(record: string | undefined): string | undefined {
  const { phase, state } = JSON.parse(Buffer.from(record ?? '', 'base64').toString()) as {
    readonly phase?: string;
    readonly state?: string;
  };
  return phase ?? state;
}

async function listStateFiles(dataDir: string, digest: string): Promise<readonly string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)))
    .map((path) => maskContentNames(path).replaceAll(digest, '#'));
  // Objects and the bundle before are named by digests of their own: one of each kind will do.
  const kinds = new Map(files.map((path) => [path.replace(/[0-9a-f]{64}/g, '*'), path]));
  return [...kinds.values()].sort();
}
