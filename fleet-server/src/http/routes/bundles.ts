import { BundleList, BundleUpload, BundleView } from '@watchpost/shared/api/registry.ts';
import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { BundleSignatures } from '@watchpost/shared/trust/signature.ts';
import { serverError } from '../../kernel/errors.ts';
import { userOf } from '../guards.ts';
import { FOR_BOTH, FOR_USERS } from '../openapi.ts';
import { Bytes, DigestParams, errorReplies, type RouteDeps, type Routes } from '../route.ts';

/** A manifest with golden frames over a thousand labels is long. */
const MAX_UPLOAD_BYTES = 16 * 1024 * 1024;

/** /bundles: the registry of models. */
export const bundleRoutes: Routes = (app, deps) => {
  const { registry } = deps.models;
  const tags = ['bundles'];

  app.post(
    '/bundles',
    {
      onRequest: deps.guards.requireRole('operator'),
      bodyLimit: MAX_UPLOAD_BYTES,
      // The manifest has errors of its own, which say more than the schema does.
      attachValidation: true,
      schema: {
        summary: 'Register a bundle whose files were put to /artifacts',
        tags,
        security: FOR_USERS,
        body: BundleUpload,
        response: { 200: BundleView, ...errorReplies },
      },
    },
    (request) => {
      const manifest = parseManifest(memberOf(request.body, 'manifest'));
      if (request.validationError !== undefined) throw request.validationError;
      return registry.push(manifest, request.body.signatures, userOf(request).session.user);
    },
  );

  app.get(
    '/bundles',
    {
      onRequest: deps.guards.requireRole('viewer'),
      schema: {
        summary: 'Every bundle',
        tags,
        security: FOR_USERS,
        response: { 200: BundleList, ...errorReplies },
      },
    },
    async () => ({ bundles: [...(await registry.list())] }),
  );

  publishedRoutes(app, deps);
};

/** What a box fetches to check a bundle. */
const publishedRoutes: Routes = (app, deps) => {
  const schema = { tags: ['bundles'], security: FOR_BOTH, params: DigestParams };

  app.get(
    '/bundles/:digest/manifest',
    {
      onRequest: deps.guards.requireRoleOrDevice('viewer'),
      schema: {
        ...schema,
        summary: 'The manifest as canonical JSON, whose SHA-256 is the digest',
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { manifestJson } = await findBundle(deps, request.params.digest);
      return reply.type('application/json; charset=utf-8').send(Buffer.from(manifestJson));
    },
  );

  app.get(
    '/bundles/:digest/signatures',
    {
      onRequest: deps.guards.requireRoleOrDevice('viewer'),
      schema: {
        ...schema,
        summary: 'Who signed the manifest',
        response: { 200: BundleSignatures, ...errorReplies },
      },
    },
    async (request) => ({ signatures: [...(await findBundle(deps, request.params.digest)).signatures] }),
  );
};

async function findBundle({ models }: RouteDeps, digest: string) {
  const bundle = await models.registry.find(digest);
  if (bundle === undefined) throw serverError('NOT_FOUND', `there is no bundle ${digest}`);
  return bundle;
}

function memberOf(body: unknown, key: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined;
}
