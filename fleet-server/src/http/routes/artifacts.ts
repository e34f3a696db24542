import type { Readable } from 'node:stream';
import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { type ByteRange, parseByteRange } from '../byte-range.ts';
import { actorOf } from '../guards.ts';
import { FOR_BOTH, FOR_USERS } from '../openapi.ts';
import { Bytes, errorReplies, type Routes } from '../route.ts';

const ArtifactParams = Type.Object({ sha256: Sha256 });
const Stored = Type.Object(
  { sha256: Sha256, sizeBytes: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);

/** /artifacts/:sha256: files by their content. */
export const artifactRoutes: Routes = (app, { audit, models, guards }) => {
  const tags = ['artifacts'];
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async (_request: unknown, body: unknown) => body);

  app.put(
    '/artifacts/:sha256',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        summary: 'Store a file under its SHA-256',
        description: `The bytes as body, up to ${models.maxBytes}. Storing the same file again is no error.`,
        tags,
        security: FOR_USERS,
        consumes: ['application/octet-stream'],
        params: ArtifactParams,
        response: { 200: Stored, ...errorReplies },
      },
    },
    async (request) => {
      const { sha256 } = request.params;
      // Told at once, not after the limit's worth of bytes.
      if (Number(request.headers['content-length'] ?? 0) > models.maxBytes)
        throw serverError('BODY_TOO_LARGE', `file ${sha256} is longer than ${models.maxBytes} bytes`);
      // A request without a body has no content type, and so was not parsed: its stream is empty.
      const body = (request.body ?? request.raw) as Readable;
      const stored = await models.blobs.put(sha256, body);
      const actor = actorOf(request);
      await audit.record({ actor, action: 'artifact.stored', subject: sha256, details: { ...stored } });
      return { sha256, ...stored };
    },
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: '/artifacts/:sha256',
    onRequest: guards.requireRoleOrDevice('viewer'),
    schema: {
      summary: 'A file, or one range of it',
      tags,
      security: FOR_BOTH,
      produces: ['application/octet-stream'],
      params: ArtifactParams,
      response: { '2xx': Bytes, 304: Bytes, ...errorReplies },
    },
    handler: async (request, reply) => {
      const { sha256 } = request.params;
      const sizeBytes = await models.blobs.size(sha256);
      if (sizeBytes === undefined) throw serverError('NOT_FOUND', `there is no file ${sha256}`);
      const etag = `"${sha256}"`;
      // What is named by its content never changes.
      reply.headers({
        etag,
        'accept-ranges': 'bytes',
        'cache-control': 'private, max-age=31536000, immutable',
      });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(undefined);
      const range = selectRange(request, etag, sizeBytes);
      const part = describePart(reply, range, sizeBytes);
      reply.type('application/octet-stream').header('content-length', part.end - part.start + 1);
      if (request.method === 'HEAD' || sizeBytes === 0) return reply.send(undefined);
      return reply.send(models.blobs.read(sha256, part));
    },
  });
};

/** If-Range (RFC 9110, 13.1.5): a range of another version of the file is no use, so the whole is sent. */
function selectRange(request: FastifyRequest, etag: string, sizeBytes: number): ByteRange {
  const { range, 'if-range': ifRange } = request.headers;
  return ifRange === undefined || ifRange === etag ? parseByteRange(range, sizeBytes) : { kind: 'whole' };
}

/** Sets status and Content-Range. @throws AppError RANGE_INVALID */
function describePart(
  reply: FastifyReply,
  range: ByteRange,
  sizeBytes: number,
): { readonly start: number; readonly end: number } {
  if (range.kind === 'unsatisfiable') {
    reply.header('content-range', `bytes */${sizeBytes}`);
    throw serverError('RANGE_INVALID', `the file has ${sizeBytes} bytes`);
  }
  if (range.kind === 'whole') return { start: 0, end: sizeBytes - 1 };
  reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
  return range;
}
