import type { BundleFile, Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { isAppError, sharedError } from '@watchpost/shared/kernel/errors.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { ArtifactSource } from '../download/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { BundleTrust } from '../trust/port.ts';
import type { DeploymentId, Found } from './deployment-journal.ts';
import type { Fitness } from './fitness.ts';
import { findDisagreement } from './plan.ts';
import type { BundleStore, InstalledBundle, Why } from './port.ts';

export interface OrderWorkDeps {
  readonly source: ArtifactSource;
  readonly trust: BundleTrust;
  readonly bundles: BundleStore;
  /** Whether this box meets the bundle's demands; every bundle fits where it is not given. */
  readonly isFit?: (manifest: Manifest) => Fitness | Promise<Fitness>;
  /** Asks what fills the disk beside the bundles to give so many bytes of it. */
  readonly freeRoom?: (bytes: number) => Promise<void>;
}

/** What the work on one deployment has found so far; each piece of work reads what those before it left. */
export interface Workpiece {
  readonly deployment: DeploymentId;
  /** Absent where a restart goes on with what is on the box. */
  readonly order: Order | undefined;
  /** Found to be the one ordered, trusted and fit. */
  manifest?: Manifest;
  installed?: InstalledBundle;
}

/** What came of a piece of work that could be done. */
export interface Outcome {
  readonly findings?: DeploymentFindings;
  /** For the phases to come. */
  readonly found?: Found;
  /** The model did not stand the test. */
  readonly failure?: Why;
  /** Said with the phase that follows. */
  readonly detail?: string;
}
export const DONE: Outcome = {};

export type OrderWork = 'check' | 'download' | 'verify' | 'keep' | 'install';
type Perform = (piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal) => Promise<Outcome>;

/** From the order to the bundle on the disk. Every piece of work can be done again: it begins with what is there. */
export const ORDER_WORKS: Readonly<Record<OrderWork, Perform>> = {
  check,
  download,
  verify,
  keep,
  install,
};

/** Nothing is downloaded before the manifest is known to be the one ordered, trusted, and fit for this box. */
async function check(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { source, trust, bundles, isFit } = deps;
  const order = orderOf(piece);
  const bytes = await source.fetchManifest(order.sha256, signal);
  const found = sha256Hex(bytes);
  if (found !== order.sha256) {
    throw agentError(
      'BUNDLE_DIGEST_MISMATCH',
      `${MANIFEST_FILE}: the order is for ${order.sha256}, this is ${found}`,
    );
  }
  const manifest = parseManifest(parseJson(bytes, MANIFEST_FILE));
  const disagreement = findDisagreement(order, manifest, bytes.length);
  if (disagreement !== undefined) throw sharedError('ORDER_INVALID', disagreement);
  await trust.verify(order, signal);
  const fitness = (await isFit?.(manifest)) ?? { kind: 'fit' };
  if (fitness.kind === 'unfit') {
    const { model, version } = manifest;
    throw agentError('BUNDLE_UNFIT', `bundle ${model} ${version} ${fitness.reasons.join('; ')}`);
  }
  await bundles.checkBudget(manifest);
  piece.manifest = manifest;
  return DONE;
}

async function download(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { source, bundles } = deps;
  const inWork = { digest: piece.deployment.digest, manifest: manifestOf(piece) };
  // What earlier deployments left makes room; what of it this one needs stays.
  await bundles.removeUnused(inWork);
  const missing = await bundles.listMissing(inWork.manifest);
  await makeRoom(deps, inWork, missing);
  for (const file of missing) await source.fetchFile(file, bundles.objectPath(file), signal);
  return DONE;
}

type InWork = NonNullable<Parameters<BundleStore['removeUnused']>[0]>;

/** What can be had again gives way first: a bundle that is only kept, and graphs; then whatever else is on the disk. */
async function makeRoom(
  { bundles, freeRoom }: OrderWorkDeps,
  inWork: InWork,
  missing: readonly BundleFile[],
): Promise<void> {
  if (await hasRoom(bundles, missing)) return;
  const kept = await bundles.readKept();
  if (kept !== undefined && kept.digest !== inWork.digest) {
    await bundles.saveKept(undefined);
    await bundles.removeUnused(inWork);
  }
  await bundles.dropGraphs();
  if (await hasRoom(bundles, missing)) return;
  await freeRoom?.(await bundles.readShortageBytes(missing));
  await bundles.checkRoom(missing);
}

async function hasRoom(bundles: BundleStore, missing: readonly BundleFile[]): Promise<boolean> {
  try {
    await bundles.checkRoom(missing);
    return true;
  } catch (error) {
    if (isAppError(error, 'DISK_FULL')) return false;
    throw error;
  }
}

/** What lies on the disk now, whenever it came there, is what was signed. */
async function verify(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<Outcome> {
  await deps.trust.verify(orderOf(piece), signal);
  const [damaged] = await deps.bundles.listMissing(manifestOf(piece));
  if (damaged !== undefined) {
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${damaged.path} is not ${damaged.sha256} on this box's disk`);
  }
  return DONE;
}

/** Laid out whole, where nothing runs it yet: until it is quiet, or until an order to come. */
async function keep(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<Outcome> {
  const { type, softUntilMs, expiresMs } = orderOf(piece);
  if (type === 'download_only') {
    await deps.bundles.install(manifestOf(piece));
    signal.throwIfAborted();
    const { digest, deploymentId } = piece.deployment;
    await deps.bundles.saveKept({ digest, deploymentId });
    return DONE;
  }
  await install(piece, deps, signal);
  const untilMs = Math.min(softUntilMs ?? expiresMs, expiresMs);
  const detail = `until no camera sees anything, ${new Date(untilMs).toISOString()} at the latest`;
  return { found: { softUntilMs: untilMs }, detail };
}

/** For a bundle that is in a slot, or worth nothing. */
export async function forgetKept(bundles: BundleStore, digest: string): Promise<void> {
  if ((await bundles.readKept())?.digest === digest) await bundles.saveKept(undefined);
}

async function install(piece: Workpiece, { bundles }: OrderWorkDeps, signal: AbortSignal): Promise<Outcome> {
  piece.installed = await bundles.install(manifestOf(piece));
  // Another deployment may have a challenger of its own by now.
  signal.throwIfAborted();
  const { digest, deploymentId } = piece.deployment;
  await bundles.saveChallenger({ digest, deploymentId });
  return DONE;
}

function orderOf({ order }: Workpiece): Order {
  if (order === undefined) throw new Error('a bundle is fetched without an order');
  return order;
}

function manifestOf({ manifest }: Workpiece): Manifest {
  if (manifest === undefined) throw new Error('a bundle is worked on before it is checked');
  return manifest;
}
