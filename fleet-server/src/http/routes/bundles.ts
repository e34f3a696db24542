import { BundleList, BundleUpload, BundleView } from '@watchpost/shared/api/registry.ts';
import { parseManifest } from '@watchpost/shared/bundle/manifest.ts';
import { serverError } from '../../kernel/errors.ts';
import { userOf } from '../guards.ts';
import { FOR_BOTH, FOR_USERS } from '../openapi.ts';
import { Bytes, DigestParams, errorReplies, type Routes } from '../route.ts';

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
      return registry.push(manifest, userOf(request).session.user);
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

  app.get(
    '/bundles/:digest/manifest',
    {
      onRequest: deps.guards.requireRoleOrDevice('viewer'),
      schema: {
        summary: 'The manifest as canonical JSON, whose SHA-256 is the digest',
        tags,
        security: FOR_BOTH,
        params: DigestParams,
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { digest } = request.params;
      const manifestJson = await registry.readManifest(digest);
      if (manifestJson === undefined) throw serverError('NOT_FOUND', `there is no bundle ${digest}`);
      return reply.type('application/json; charset=utf-8').send(Buffer.from(manifestJson));
    },
  );
};

function memberOf(body: unknown, key: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined;
}
