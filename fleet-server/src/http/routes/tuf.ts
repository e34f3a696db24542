import {
  OnlineKeyReply,
  OnlineKeyRequest,
  SignatureUpload,
  StagingReply,
  StagingRequest,
  TargetRequest,
  TrustView,
} from '@watchpost/shared/api/trust.ts';
import { nameDirectorKey } from '@watchpost/shared/trust/director-target.ts';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { Bytes, errorReplies, type RouteDeps, type Routes } from '../route.ts';

const FileParams = Type.Object({ name: Type.String({ pattern: '^[0-9a-z.-]{1,100}\\.json$' }) });
/** A `models` with many versions is long. */
const MAX_STAGING_BYTES = 16 * 1024 * 1024;
const tags = ['trust'];

/** /tuf and /trust: what boxes trust, and how people sign it. */
export const tufRoutes: Routes = (app, deps) => {
  // Signed by themselves and no secret: a mirror may hand them out too.
  app.get(
    '/tuf/:name',
    {
      onRequest: deps.guards.anyone,
      schema: {
        summary: 'Published TUF metadata: timestamp.json, or N.role.json',
        tags,
        params: FileParams,
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const body = await deps.tuf.readFile(name);
      if (body === undefined) throw serverError('NOT_FOUND', `there is no metadata ${name}`);
      const isNumbered = name !== 'timestamp.json';
      reply.header('cache-control', isNumbered ? 'public, max-age=31536000, immutable' : 'no-cache');
      return reply.type('application/json; charset=utf-8').send(Buffer.from(body));
    },
  );

  app.get(
    '/trust',
    {
      onRequest: deps.guards.requireRole('viewer'),
      schema: {
        summary: 'Roles and their keys, and what waits for signatures',
        tags,
        security: FOR_USERS,
        response: { 200: TrustView, ...errorReplies },
      },
    },
    () => deps.tuf.view(),
  );
  ceremonyRoutes(app, deps);
  keyRoutes(app, deps);
};

const ceremonyRoutes: Routes = (app, { tuf, audit, guards }) => {
  const schema = { tags, security: FOR_USERS, response: { 200: StagingReply, ...errorReplies } };
  const onRequest = guards.requireRole('operator');

  app.post(
    '/trust/staged',
    {
      onRequest,
      bodyLimit: MAX_STAGING_BYTES,
      schema: { ...schema, summary: 'Hand in documents to be signed', body: StagingRequest },
    },
    async (request) => {
      const { documents } = request.body;
      const reply = await tuf.stage(documents);
      const details = { published: reply.published };
      for (const { role, metadata } of documents)
        await tell(audit, request, 'trust.staged', `${role} ${metadata.signed.version}`, details);
      return reply;
    },
  );

  app.post(
    '/trust/signatures',
    { onRequest, schema: { ...schema, summary: 'Hand in one signature', body: SignatureUpload } },
    async (request) => {
      const { role, version, signature } = request.body;
      const reply = await tuf.addSignature(request.body);
      const details = { keyId: signature.keyid, published: reply.published };
      await tell(audit, request, 'trust.signed', `${role} ${version}`, details);
      return reply;
    },
  );

  app.post(
    '/trust/targets',
    {
      onRequest,
      schema: { ...schema, summary: 'Stage models with or without a bundle', body: TargetRequest },
    },
    async (request) => {
      const { body } = request;
      const reply = await tuf.changeTarget(body);
      const subject = body.kind === 'add' ? body.digest : body.target;
      await tell(audit, request, `target.${body.kind === 'add' ? 'added' : 'removed'}`, subject, {});
      return reply;
    },
  );
};

const keyRoutes: Routes = (app, { tuf, directorKeys, audit, guards }) => {
  app.post(
    '/trust/director',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        summary: "Stage targets with the list of the director's keys: whose orders boxes take",
        tags,
        security: FOR_USERS,
        body: Type.Object({}, { additionalProperties: false }),
        response: { 200: StagingReply, ...errorReplies },
      },
    },
    async (request) => {
      const reply = await tuf.announceDirector(directorKeys);
      await tell(audit, request, 'director.announced', 'targets', {
        keyIds: directorKeys.map(nameDirectorKey),
      });
      return reply;
    },
  );

  app.post(
    '/trust/online-keys',
    {
      onRequest: guards.requireRole('admin'),
      schema: {
        summary: "The server's key for an online role; a fresh one signs once a root names it",
        tags,
        security: FOR_USERS,
        body: OnlineKeyRequest,
        response: { 200: OnlineKeyReply, ...errorReplies },
      },
    },
    async (request) => {
      const { role, fresh } = request.body;
      const key = await tuf.onlineKey(role, fresh);
      if (fresh) await tell(audit, request, 'online-key.made', role, { keyId: key.keyId });
      return key;
    },
  );
};

async function tell(
  audit: RouteDeps['audit'],
  request: FastifyRequest,
  action: string,
  ...[subject, details]: readonly [string, Readonly<Record<string, unknown>>]
): Promise<void> {
  await audit.record({ actor: actorOf(request), action, subject, details });
}
