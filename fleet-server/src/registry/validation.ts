import { buffer } from 'node:stream/consumers';
import type { ModelTransition, ValidationView } from '@watchpost/shared/api/models.ts';
import type { Manifest } from '@watchpost/shared/bundle/manifest.ts';
import type { ValidationCheck } from '@watchpost/shared/bundle/validation-report.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { describeError, isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { AuditLog } from '../audit/port.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { BundleRecord, Store } from '../store/port.ts';
import type { ModelValidator } from './port.ts';
import { checkLineage, checkOnnxFile, warnAboutCard } from './static-checks.ts';

export interface ValidationDeps {
  readonly store: Pick<Store, 'bundles' | 'models'>;
  readonly blobs: Pick<BlobStore, 'read'>;
  readonly validator: ModelValidator;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Validates versions one at a time: two models at once would spoil each other's latency. */
export interface Validation extends Component {
  /** Resolves when the version has been looked at; asking twice meanwhile is one look. */
  request(digest: string): Promise<void>;
}

const ACTOR = { kind: 'system', id: 'validation' } as const;

export function createValidation(deps: ValidationDeps): Validation {
  const stopping = new AbortController();
  const pending = new Map<string, Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  const request = (digest: string): Promise<void> => {
    const known = pending.get(digest);
    if (known !== undefined) return known;
    const work = last.then(() => validateVersion(deps, digest, stopping.signal));
    const settled = work.finally(() => pending.delete(digest));
    pending.set(digest, settled);
    last = settled.catch(() => undefined);
    return settled;
  };
  return {
    name: 'validation',
    request,
    // Drafts that were pushed when the server went down.
    start: async () => {
      for (const { digest, state } of await deps.store.bundles.list()) {
        if (state !== 'draft' || (await deps.store.models.latestValidation(digest)) !== undefined) continue;
        request(digest).catch((error: unknown) =>
          deps.log.error({ digest, err: error }, 'validation failed'),
        );
      }
    },
    stop: async () => {
      stopping.abort();
      await last;
    },
  };
}

async function validateVersion(deps: ValidationDeps, digest: string, signal: AbortSignal): Promise<void> {
  const bundle = signal.aborted ? undefined : await deps.store.bundles.find(digest);
  if (bundle === undefined) return;
  const validation = await validateBundle(deps, bundle.manifest, signal);
  if (signal.aborted) return;
  const { passed, atMs } = validation;
  const isMoved = passed && bundle.state === 'draft';
  const transition: ModelTransition | undefined = isMoved
    ? { from: 'draft', to: 'validated', by: ACTOR.id, reason: 'every check passed', atMs }
    : undefined;
  await deps.store.models.settle(digest, validation, transition);
  const failed = validation.checks.filter((check) => !check.passed).map(({ name }) => name);
  const subject = nameVersion(bundle);
  await deps.audit.record({
    actor: ACTOR,
    action: passed ? 'model.validated' : 'model.found_unsound',
    subject,
    details: { digest, failed },
  });
  deps.log.info({ subject, digest, passed, failed }, 'model validated');
}

const nameVersion = ({ manifest }: BundleRecord): string => `${manifest.model}@${manifest.version}`;

/** A model whose file is unsound is never loaded. */
async function validateBundle(
  { blobs, validator, nowMs }: ValidationDeps,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ValidationView> {
  const read = (path: string): Promise<Buffer> => buffer(blobs.read(digestOf(manifest, path)));
  const card = manifest.modelCard === undefined ? undefined : await read(manifest.modelCard);
  const warnings = [...warnAboutCard(card?.toString('utf8'))];
  const checks: ValidationCheck[] = [checkLineage(manifest)];
  for (const { runtime, file } of manifest.variants)
    if (runtime === 'onnx') checks.push(checkOnnxFile(file, await read(file), manifest));
  const conclude = (
    run: Pick<ValidationView, 'checks' | 'variants'> = { checks: [], variants: [] },
  ): ValidationView => {
    const all = [...checks, ...run.checks];
    const passed = all.every((check) => check.passed);
    return { passed, atMs: nowMs(), checks: all, variants: run.variants, warnings };
  };
  if (checks.some(({ passed }) => !passed)) return conclude();
  try {
    return conclude(await validator(manifest, signal));
  } catch (error) {
    if (!isAppError(error, 'VALIDATOR_FAILED')) throw error;
    return conclude({
      checks: [{ name: 'validator', passed: false, detail: describeError(error) }],
      variants: [],
    });
  }
}

/** The manifest was checked: every path it names is listed. */
const digestOf = ({ files }: Manifest, path: string): string =>
  files.find((file) => file.path === path)?.sha256 ?? '';
