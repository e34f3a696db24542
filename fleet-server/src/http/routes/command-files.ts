import { CommandFile } from '@watchpost/shared/api/commands.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import { CommandId } from '@watchpost/shared/messages/command.ts';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { deviceOf } from '../guards.ts';
import { FOR_DEVICES, FOR_USERS } from '../openapi.ts';
import { Bytes, errorReplies, type Routes, takeBytes } from '../route.ts';

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const TYPES = CommandFile.properties.contentType.enum;

/** Begins like what it says it is. */
const MAGIC = { 'image/jpeg': [0xff, 0xd8, 0xff], 'application/gzip': [0x1f, 0x8b] } as const;

/** Pictures and diagnostics that commands brought: devices put them, people fetch them. */
export const commandFileRoutes: Routes = (app, { commands, guards }) => {
  const tags = ['commands'];
  takeBytes(app, TYPES);

  app.put(
    '/device/commands/:command/file',
    {
      onRequest: guards.requireDevice,
      bodyLimit: MAX_FILE_BYTES,
      schema: {
        summary: 'Put the file of a command of the device that asks',
        description: `A JPEG picture or a compressed document of up to ${MAX_FILE_BYTES} bytes as body.`,
        tags,
        security: FOR_DEVICES,
        consumes: [...TYPES],
        params: Type.Object({ command: CommandId }),
        response: { 204: Type.Null(), ...errorReplies },
      },
    },
    async (request, reply) => {
      const contentType = TYPES.find((type) => request.headers['content-type'] === type);
      const bytes = request.body;
      if (contentType === undefined || !(bytes instanceof Uint8Array) || !hasMagic(bytes, contentType))
        throw serverError('REQUEST_INVALID', `body: not ${TYPES.join(' or ')}`);
      await commands.putFile(deviceOf(request), request.params.command, { contentType, bytes });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/devices/:id/commands/:command/file',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        summary: 'The picture or the diagnostics a command brought',
        tags,
        security: FOR_USERS,
        produces: [...TYPES],
        params: Type.Object({ id: Id, command: CommandId }),
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id, command } = request.params;
      const { contentType, bytes } = await commands.readFile(id, command);
      return reply
        .type(contentType)
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment')
        .send(bytes);
    },
  );
};

const hasMagic = (bytes: Uint8Array, type: CommandFile['contentType']): boolean =>
  MAGIC[type].every((byte, index) => bytes[index] === byte);
