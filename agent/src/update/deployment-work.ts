import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { MANIFEST_FILE } from '@watchpost/shared/bundle/paths.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { sharedError } from '@watchpost/shared/kernel/errors.ts';
import { parseJson } from '@watchpost/shared/kernel/parse.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { ArtifactSource } from '../download/port.ts';
import { agentError } from '../kernel/errors.ts';
import type { BundleTrust } from '../trust/port.ts';
import type { Fitness } from './fitness.ts';
import { findDisagreement, type Work } from './plan.ts';
import type { BundleStore, InstalledBundle } from './port.ts';

export interface WorkDeps {
  readonly source: ArtifactSource;
  readonly trust: BundleTrust;
  readonly bundles: BundleStore;
  /** Whether this box meets the bundle's demands; every bundle fits where it is not given. */
  readonly isFit?: (manifest: Manifest) => Fitness | Promise<Fitness>;
  /**
   * Makes the bundle the one that classifies, after its self-test. When it throws, what ran before still runs.
   * @throws AppError SELFTEST_FAILED | MODEL_*
   */
  readonly activate: (bundle: InstalledBundle, signal: AbortSignal) => Promise<void>;
}

/** What the work on one order has found so far; each piece of work reads what those before it left. */
export interface Workpiece {
  readonly order: Order;
  readonly signal: AbortSignal;
  /** Found to be the one ordered, trusted and fit. */
  manifest?: Manifest;
  installed?: InstalledBundle;
}

type Perform = (piece: Workpiece, deps: WorkDeps) => Promise<void>;

/** Every piece of work can be done again: it begins with what is there. */
export const WORKS: Readonly<Record<Work, Perform>> = { check, download, verify, install, activate };

/** Nothing is downloaded before the manifest is known to be the one ordered, trusted, and fit for this box. */
async function check(piece: Workpiece, { source, trust, isFit }: WorkDeps): Promise<void> {
  const { order, signal } = piece;
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
  piece.manifest = manifest;
}

async function download(piece: Workpiece, { source, bundles }: WorkDeps): Promise<void> {
  const missing = await bundles.listMissing(manifestOf(piece));
  await bundles.checkRoom(missing);
  for (const file of missing) await source.fetchFile(file, bundles.objectPath(file), piece.signal);
}

/** What lies on the disk now, whenever it came there, is what was signed. */
async function verify(piece: Workpiece, { trust, bundles }: WorkDeps): Promise<void> {
  await trust.verify(piece.order, piece.signal);
  const [damaged] = await bundles.listMissing(manifestOf(piece));
  if (damaged !== undefined) {
    throw agentError('BUNDLE_DIGEST_MISMATCH', `${damaged.path} is not ${damaged.sha256} on this box's disk`);
  }
}

async function install(piece: Workpiece, { bundles }: WorkDeps): Promise<void> {
  piece.installed = await bundles.install(manifestOf(piece));
  await bundles.prepareSwitch(piece.order.sha256, piece.order.deploymentId);
}

/** The record is switched only after the model was: a power cut in between starts with the old one again. */
async function activate(piece: Workpiece, deps: WorkDeps): Promise<void> {
  if (piece.installed === undefined) throw new Error('a bundle is activated before it is installed');
  await deps.activate(piece.installed, piece.signal);
  await deps.bundles.commitSwitch();
}

function manifestOf({ manifest }: Workpiece): Manifest {
  if (manifest === undefined) throw new Error('a bundle is worked on before it is checked');
  return manifest;
}
