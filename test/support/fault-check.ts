import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { type Phase, toldState } from '../../agent/src/update/phases.ts';
import { parseManifest } from '../../shared/src/bundle/manifest.ts';
import { canonicalJson } from '../../shared/src/kernel/canonical-json.ts';
import { compareLedgers } from './fault-ledger.ts';
import { countWaiting, readStored } from './fault-ledger-files.ts';
import type { FaultWorld } from './fault-world.ts';

/** What is wrong with a world after a fault; nothing, when it survived. */
export interface FaultFindings {
  readonly problems: readonly string[];
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
  /** Until every camera flowed again. */
  readonly recoveryMs: number;
  /** State in which the deployment that was under way ended. */
  readonly end?: string;
}

export interface CheckLimits {
  /** Until frames of every camera flow. */
  readonly flowMs: number;
  /** Until what the box recorded is stored, and the server sees what the box runs. */
  readonly settleMs: number;
}

/** A box asks for a new certificate, and for its broker, once a minute at least. */
const CHECK_LIMITS: CheckLimits = { flowMs: 15_000, settleMs: 150_000 };

export interface CheckOptions {
  /** It must come to an end. */
  readonly deploymentId?: string;
  readonly limits?: CheckLimits;
  /** When the fault began, monotonic milliseconds; default: when it was over. */
  readonly fromMs?: number;
}

/**
 * Frames flow again, no durable message is lost or doubled, the champion is one of the released bundles with every
 * byte in its place, and the server sees the box as it is.
 * @param sinceMs when the fault was over, monotonic milliseconds
 */
export async function checkWorld(
  world: FaultWorld,
  sinceMs: number,
  { deploymentId, limits = CHECK_LIMITS, fromMs = sinceMs }: CheckOptions = {},
): Promise<FaultFindings> {
  const problems: string[] = [];
  const flow = await settle(() => findStillCameras(world, sinceMs), sinceMs + limits.flowMs);
  problems.push(...flow);
  const recoveryMs = performance.now() - sinceMs;
  const end = deploymentId === undefined ? undefined : await findEnd(world, deploymentId, problems);
  const settleBy = performance.now() + limits.settleMs;
  problems.push(...(await settle(() => findChampionProblems(world), settleBy)));
  problems.push(...(await settle(() => findViewProblems(world), settleBy)));
  const { committed, logged, renewed } = takeRecord(world);
  const compare = () =>
    compareLedgers({ committed, logged, renewed, stored: readStored(world.server.database, world.box().id) });
  const lost = await settle(async () => compare().lost, settleBy);
  const { duplicates } = compare();
  problems.push(
    ...world
      .box()
      .bugs(fromMs)
      .map((stack) => `the agent ended by a bug: ${stack.slice(0, 300)}`),
  );
  return { problems, lost, duplicates, recoveryMs, ...(end !== undefined && { end }) };
}

async function findEnd(
  world: FaultWorld,
  deploymentId: string,
  problems: string[],
): Promise<string | undefined> {
  try {
    return await world.outcome(deploymentId);
  } catch (error) {
    problems.push(messageOf(error));
    return undefined;
  }
}

/** Resolves when everything that waits on the box is stored. */
export async function drain(world: FaultWorld, limitMs = CHECK_LIMITS.settleMs): Promise<void> {
  const rest = await settle(async () => {
    const waiting = countWaiting(world.box().outbox);
    return waiting === undefined || waiting > 20 ? [`${waiting} messages wait`] : [];
  }, performance.now() + limitMs);
  if (rest.length > 0) throw new Error(rest.join('; '));
}

function takeRecord(world: FaultWorld) {
  const box = world.box();
  // In this order: what is logged now may be committed later.
  return { logged: box.logged(), committed: box.committed(), renewed: box.renewed() };
}

/** Looks until nothing is found or the time is over. @returns what was found last */
async function settle(find: () => Promise<readonly string[]>, untilMs: number): Promise<readonly string[]> {
  for (;;) {
    const found = await find().catch((error: unknown) => [messageOf(error)]);
    if (found.length === 0 || performance.now() > untilMs) return found;
    await delay(200);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function findStillCameras(world: FaultWorld, sinceMs: number): Promise<readonly string[]> {
  const flowing = world.box().flowing(sinceMs);
  const still = world.cameraIds.filter((id) => !flowing.includes(id));
  return still.map((id) => `camera ${id} does not flow (agent: ${world.box().life().ending()})`);
}

/** What the box says it starts with. */
export async function readChampion(dataDir: string): Promise<string | undefined> {
  const slots = await readJson(join(dataDir, 'slots.json'));
  const champion = slots?.champion as { readonly digest?: string } | string | undefined;
  if (typeof champion === 'string') return champion;
  if (champion !== undefined) return champion.digest;
  const active = await readJson(join(dataDir, 'active.json'));
  return active?.digest as string | undefined;
}

async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  return text === undefined ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>);
}

async function findChampionProblems(world: FaultWorld): Promise<readonly string[]> {
  const { dataDir } = world.box();
  const digest = await readChampion(dataDir);
  if (digest === undefined) return ['the box has no champion on its disk'];
  if (!world.released().some((bundle) => bundle.digest === digest))
    return [`the champion ${digest} was never released`];
  const folder = join(dataDir, 'bundles', digest);
  const manifest = parseManifest(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')));
  const problems =
    sha256Hex(canonicalJson(manifest)) === digest ? [] : ['the manifest of the champion is another'];
  for (const file of manifest.files) {
    const found = sha256Hex(await readFile(join(folder, file.path)));
    if (found !== file.sha256) problems.push(`${file.path} of the champion is damaged`);
  }
  return problems;
}

async function findViewProblems(world: FaultWorld): Promise<readonly string[]> {
  const box = world.box();
  const view = await world.server.device(box.id);
  const champion = await readChampion(box.dataDir);
  const problems: string[] = [];
  if (view.connection === 'disconnected' || view.connection === 'lost')
    problems.push(`the box is ${view.connection}`);
  if (!box.canCommit()) problems.push('the outbox of the box still fails');
  if (view.activeBundle?.digest !== champion)
    problems.push(`the server sees ${view.activeBundle?.digest}, the box has ${champion}`);
  const record = await readJson(join(box.dataDir, 'deployment.json'));
  const told = view.deployment?.id === record?.deploymentId ? view.deployment?.state : undefined;
  const reached = stateOf(record);
  if (told !== undefined && reached !== undefined && !isSame(told, reached))
    problems.push(`the server sees a deployment ${told}, the box ${reached}`);
  return problems;
}

function stateOf(record: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const { phase, state } = (record ?? {}) as { readonly phase?: Phase; readonly state?: string };
  return phase === undefined ? state : toldState(phase);
}

/** A box that lost its record of a deployment finds that it has what was ordered. */
function isSame(told: string, reached: string): boolean {
  return told === reached || (told === 'success' && reached === 'already_installed');
}
