import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
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
}
export const DONE: Outcome = {};

export type OrderWork = 'check' | 'download' | 'verify' | 'install';
type Perform = (piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal) => Promise<void>;

/** From the order to the bundle on the disk. Every piece of work can be done again: it begins with what is there. */
export const ORDER_WORKS: Readonly<Record<OrderWork, Perform>> = { check, download, verify, install };

/** Nothing is downloaded before the manifest is known to be the one ordered, trusted, and fit for this box. */
async function check(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<void> {
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
}

async function download(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<void> {
  const { source, bundles } = deps;
  const manifest = manifestOf(piece);
  // What earlier deployments left makes room; what of it this one needs stays.
  await bundles.removeUnused({ digest: piece.deployment.digest, manifest });
  const missing = await bundles.listMissing(manifest);
  await bundles.checkRoom(missing);
  for (const file of missing) await source.fetchFile(file, bundles.objectPath(file), signal);
}

/** What lies on the disk now, whenever it came there, is what was signed. */
async function verify(piece: Workpiece, deps: OrderWorkDeps, signal: AbortSignal): Promise<void> {
  await deps.trust.verify(orderOf(piece), signal);
  const [damaged] = await deps.bundles.listMissing(manifestOf(piece));
  if (damaged !== undefined) {
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${damaged.path} is not ${damaged.sha256} on this box's disk`);
  }
}

async function install(piece: Workpiece, { bundles }: OrderWorkDeps): Promise<void> {
  piece.installed = await bundles.install(manifestOf(piece));
  const { digest, deploymentId } = piece.deployment;
  await bundles.saveChallenger({ digest, deploymentId });
}

function orderOf({ order }: Workpiece): Order {
  if (order === undefined) throw new Error('a bundle is fetched without an order');
  return order;
}

function manifestOf({ manifest }: Workpiece): Manifest {
  if (manifest === undefined) throw new Error('a bundle is worked on before it is checked');
  return manifest;
}
