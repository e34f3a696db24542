import type { AuditLog } from '../audit/port.ts';
import type { BlobStore } from '../blobs/port.ts';
import { createModelVersions } from './model-versions.ts';
import type { BundleRegistry, ModelVersions } from './port.ts';
import { createBundleRegistry } from './registry.ts';
import { createValidation, type Validation, type ValidationDeps } from './validation.ts';

export interface ModelsDeps extends ValidationDeps {
  readonly store: ValidationDeps['store'] & Parameters<typeof createModelVersions>[0]['store'];
  readonly blobs: BlobStore;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly trust: Parameters<typeof createModelVersions>[0]['trust'];
}

/** The registry: what is in it, what became of it, and the validation that runs beside it. */
export interface Models {
  readonly registry: BundleRegistry;
  readonly versions: ModelVersions;
  readonly validation: Validation;
}

export function createModels(deps: ModelsDeps): Models {
  const { store, blobs, audit, nowMs, log } = deps;
  const validation = createValidation(deps);
  const onNew = (digest: string): void => {
    validation
      .request(digest)
      .catch((error: unknown) => log.error({ digest, err: error }, 'validation failed'));
  };
  return {
    registry: createBundleRegistry({ bundles: store.bundles, blobs, audit, onNew, nowMs }),
    versions: createModelVersions({ store, validation, audit, trust: deps.trust, nowMs }),
    validation,
  };
}
