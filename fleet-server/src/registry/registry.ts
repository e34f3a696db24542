import { Readable } from 'node:stream';
import type { BundleFile } from '@watchpost/shared/bundle/manifest.ts';
import { canonicalJson } from '@watchpost/shared/kernel/canonical-json.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { AuditLog } from '../audit/port.ts';
import type { BlobStore } from '../blobs/port.ts';
import { serverError } from '../kernel/errors.ts';
import type { BundleRecord, BundleStore } from '../store/port.ts';
import { viewBundle } from './model-views.ts';
import type { BundleRegistry } from './port.ts';

export interface RegistryDeps {
  readonly bundles: BundleStore;
  readonly blobs: BlobStore;
  readonly audit: Pick<AuditLog, 'record'>;
  /** Told of each bundle that was not here before. */
  readonly onNew: (digest: string) => void;
  readonly nowMs: () => number;
}

export function createBundleRegistry({ bundles, blobs, audit, onNew, nowMs }: RegistryDeps): BundleRegistry {
  return {
    push: async (manifest, author) => {
      const manifestJson = canonicalJson(manifest);
      const digest = sha256Hex(manifestJson);
      const known = await bundles.findVersion(manifest.model, manifest.version);
      if (known !== undefined && known.digest !== digest)
        throw serverError(
          'VERSION_TAKEN',
          `${manifest.model} ${manifest.version} is here already with other content (${known.digest})`,
        );
      await requireFiles(manifest.files, blobs);
      if (known !== undefined) return viewBundle(known);
      await blobs.put(digest, Readable.from([Buffer.from(manifestJson)]));
      const content = { digest, manifest, pushedBy: author };
      const record: BundleRecord = { ...content, state: 'draft', createdAtMs: nowMs() };
      await bundles.add(record);
      const subject = `${manifest.model}@${manifest.version}`;
      const actor = { kind: 'user', id: author } as const;
      await audit.record({ actor, action: 'model.pushed', subject, details: { digest } });
      onNew(digest);
      return viewBundle(record);
    },
    list: async () => (await bundles.list()).map(viewBundle),
    readManifest: async (digest) => {
      const record = await bundles.find(digest);
      return record && canonicalJson(record.manifest);
    },
  };
}

async function requireFiles(files: readonly BundleFile[], blobs: BlobStore): Promise<void> {
  const sizes = await Promise.all(files.map((file) => blobs.size(file.sha256)));
  const wrong = files.flatMap((file, index) => {
    const size = sizes[index];
    if (size === undefined) return [`${file.path} (${file.sha256}) is not here`];
    if (size !== file.sizeBytes) return [`${file.path} has ${size} bytes, not ${file.sizeBytes}`];
    return [];
  });
  if (wrong.length > 0) throw serverError('BUNDLE_INCOMPLETE', `the bundle lacks files: ${wrong.join('; ')}`);
}
