import type {
  AliasChange,
  Certification,
  CertificationDecision,
  ModelAlias,
  ModelTransition,
  ModelVersionDetail,
  ModelView,
} from '@watchpost/shared/api/models.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import {
  isRetired,
  MODEL_VERSION_LIFECYCLE,
  type ModelVersionState,
} from '@watchpost/shared/lifecycle/model-version.ts';
import { advance } from '@watchpost/shared/lifecycle/table.ts';
import { formatTarget } from '@watchpost/shared/trust/order.ts';
import type { AuditLog } from '../audit/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, Store } from '../store/port.ts';
import type { TrustRepository } from '../trust/port.ts';
import { readAsOf } from './as-of.ts';
import { findAliases, isFound, viewDetail, viewVersion } from './model-views.ts';
import type { ModelStep, ModelVersions, VersionName } from './port.ts';
import type { Validation } from './validation.ts';

export interface ModelVersionsDeps {
  readonly store: Pick<Store, 'bundles' | 'models' | 'devices' | 'deployments'>;
  readonly validation: Pick<Validation, 'request'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly trust: Pick<TrustRepository, 'listTargets' | 'changeTarget'>;
  readonly nowMs: () => number;
}

export function createModelVersions(deps: ModelVersionsDeps): ModelVersions {
  const { store } = deps;
  return {
    list: async (search = '') => {
      const [bundles, changes] = await Promise.all([store.bundles.list(), store.models.aliasChanges()]);
      return bundles
        .filter((bundle) => isFound(bundle, search))
        .map((bundle) => viewVersion(bundle, findAliases(changes, bundle.manifest)));
    },
    showModel: (model) => showModel(deps, model),
    show: async (name) => showVersion(deps, await requireVersion(deps, name)),
    validate: async (name) => {
      await deps.validation.request((await requireVersion(deps, name)).digest);
      return showVersion(deps, await requireVersion(deps, name));
    },
    certify: async (name, decision, text) => {
      await certify(deps, await requireVersion(deps, name), { decision, ...text });
      return showVersion(deps, await requireVersion(deps, name));
    },
    move: async (name, to, text) => {
      await move(deps, await requireVersion(deps, name), { to, ...text });
      return showVersion(deps, await requireVersion(deps, name));
    },
    setAlias: async (model, alias, to) => {
      await setAlias(deps, model, { alias, ...to });
      return showModel(deps, model);
    },
    asOf: (deviceId, atMs) => readAsOf(store, deviceId, atMs),
  };
}

async function requireVersion(
  { store }: ModelVersionsDeps,
  { model, version }: VersionName,
): Promise<BundleRecord> {
  const bundle = await store.bundles.findVersion(model, version);
  if (bundle === undefined) throw serverError('NOT_FOUND', `there is no ${model}@${version} in the registry`);
  return bundle;
}

async function showVersion({ store }: ModelVersionsDeps, bundle: BundleRecord): Promise<ModelVersionDetail> {
  const [changes, transitions, certifications, validation] = await Promise.all([
    store.models.aliasChanges(),
    store.models.transitions(bundle.digest),
    store.models.certifications(bundle.digest),
    store.models.latestValidation(bundle.digest),
  ]);
  const aliases = findAliases(changes, bundle.manifest);
  return viewDetail(bundle, { aliases, transitions, certifications, validation });
}

async function showModel({ store }: ModelVersionsDeps, model: string): Promise<ModelView> {
  const changes = (await store.models.aliasChanges()).filter((it) => it.model === model);
  const bundles = (await store.bundles.list()).filter(({ manifest }) => manifest.model === model);
  if (bundles.length === 0) throw serverError('NOT_FOUND', `there is no model "${model}" in the registry`);
  return {
    model,
    versions: bundles.map((bundle) => viewVersion(bundle, findAliases(changes, bundle.manifest))),
    aliasHistory: changes.map(({ change }) => change),
  };
}

async function certify(
  deps: ModelVersionsDeps,
  bundle: BundleRecord,
  { decision, report, by }: { decision: CertificationDecision; report: string; by: string },
): Promise<void> {
  if (by === bundle.pushedBy)
    throw serverError('CERTIFIER_IS_AUTHOR', `${by} pushed ${nameOf(bundle)} and cannot certify it`);
  const atMs = deps.nowMs();
  const approved = requireStep(bundle, 'certified', { by, reason: report, atMs });
  const certification: Certification = { decision, report, by, atMs };
  const transition = decision === 'approve' ? approved : undefined;
  requireMoved(bundle, await deps.store.models.settle(bundle.digest, certification, transition));
  const action = decision === 'approve' ? 'model.certified' : 'model.rejected';
  await record(deps, bundle, { action, by, details: { decision, report } });
}

async function move(
  deps: ModelVersionsDeps,
  bundle: BundleRecord,
  { to, reason, by }: { to: ModelStep; reason: string; by: string },
): Promise<void> {
  const transition = requireStep(bundle, to, { by, reason, atMs: deps.nowMs() });
  requireMoved(bundle, await deps.store.models.move(bundle.digest, transition));
  await record(deps, bundle, { action: `model.${to}`, by, details: { reason } });
  await stageTarget(deps, bundle, to);
}

/** What people are asked to sign follows the registry, once the trust of the fleet has begun. */
async function stageTarget({ trust }: ModelVersionsDeps, bundle: BundleRecord, to: ModelStep): Promise<void> {
  if ((await trust.listTargets()) === undefined) return;
  if (to === 'released') {
    await trust.changeTarget({ kind: 'add', digest: bundle.digest });
    return;
  }
  const target = formatTarget(bundle.manifest.model, bundle.manifest.version);
  await trust.changeTarget({ kind: 'remove', target }).catch((error: unknown) => {
    // It never was a target.
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  });
}

/** @throws AppError VERSION_STATE */
function requireStep(
  bundle: BundleRecord,
  to: ModelVersionState,
  who: Pick<ModelTransition, 'by' | 'reason' | 'atMs'>,
): ModelTransition {
  if (advance(MODEL_VERSION_LIFECYCLE, bundle.state, to) === undefined)
    throw serverError('VERSION_STATE', `${nameOf(bundle)} is ${bundle.state} and cannot become ${to}`);
  return { from: bundle.state, to, ...who };
}

/** Somebody else was faster. @throws AppError VERSION_STATE */
function requireMoved(bundle: BundleRecord, isMoved: boolean): void {
  if (!isMoved) throw serverError('VERSION_STATE', `${nameOf(bundle)} is no longer ${bundle.state}`);
}

async function setAlias(
  deps: ModelVersionsDeps,
  model: string,
  { alias, version, by }: { alias: ModelAlias; version: string | undefined; by: string },
): Promise<void> {
  if (version !== undefined) {
    const bundle = await requireVersion(deps, { model, version });
    if (isRetired(bundle.state))
      throw serverError('VERSION_WITHDRAWN', `${nameOf(bundle)} is ${bundle.state} and takes no alias`);
  }
  const { aliasHistory } = await showModel(deps, model);
  const from = aliasHistory.findLast((change) => change.alias === alias)?.to;
  if (from === version) return;
  const change: AliasChange = {
    alias,
    ...(from !== undefined && { from }),
    ...(version !== undefined && { to: version }),
    by,
    atMs: deps.nowMs(),
  };
  await deps.store.models.addAliasChange(model, change);
  const actor = { kind: 'user', id: by } as const;
  const details = { alias, from: from ?? null, to: version ?? null };
  await deps.audit.record({ actor, action: 'model.alias_moved', subject: model, details });
}

async function record(
  { audit }: ModelVersionsDeps,
  bundle: BundleRecord,
  { action, by, details }: { action: string; by: string; details: Readonly<Record<string, unknown>> },
): Promise<void> {
  const actor = { kind: 'user', id: by } as const;
  const subject = nameOf(bundle);
  await audit.record({ actor, action, subject, details: { digest: bundle.digest, ...details } });
}

const nameOf = ({ manifest }: BundleRecord): string => `${manifest.model}@${manifest.version}`;
