import {
  CommandCreate,
  CommandList,
  CommandView,
  type CommandView as View,
} from '@watchpost/shared/api/commands.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import { CommandId } from '@watchpost/shared/messages/command.ts';
import Type from 'typebox';
import type { CommandRecord } from '../../store/port.ts';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type HttpApp, type RouteDeps, type Routes } from '../route.ts';

const closed = { additionalProperties: false } as const;
const CommandParams = Type.Object({ id: Id, command: CommandId });
const ListQuery = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 200, default: 20 }) }, closed);
/** Shorter than what proxies let a request hang. */
const WaitQuery = Type.Object(
  {
    waitSec: Type.Integer({
      minimum: 0,
      maximum: 25,
      default: 0,
      description: 'the reply waits so long for the end of the command',
    }),
  },
  closed,
);

/** /devices/:id/commands: asks a device to do something, and tells what came of it. */
export const commandRoutes: Routes = (app, deps) => {
  addOrder(app, deps);
  addReads(app, deps);
};

const common = { tags: ['commands'], security: FOR_USERS };

function addOrder(app: HttpApp, { commands, guards }: RouteDeps): void {
  app.post(
    '/devices/:id/commands',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...common,
        summary: 'Send a command to a device',
        description: 'A device that is away is told when it connects, unless nobody waits any more by then.',
        params: DeviceParams,
        body: CommandCreate,
        response: { 201: CommandView, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const command = await commands.order(id, request.body, actorOf(request).id);
      return reply.code(201).send(viewCommand(command));
    },
  );
}

function addReads(app: HttpApp, { commands, guards }: RouteDeps): void {
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  app.get(
    '/devices/:id/commands',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        ...common,
        summary: 'The commands of a device, newest first',
        params: DeviceParams,
        querystring: ListQuery,
        response: { 200: CommandList, ...errorReplies },
      },
    },
    async ({ params: { id }, query: { limit } }) => ({
      commands: (await commands.list(id, limit)).map(viewCommand),
    }),
  );
  app.get(
    '/devices/:id/commands/:command',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        ...common,
        summary: 'One command, now or once it has ended',
        params: CommandParams,
        querystring: WaitQuery,
        response: { 200: CommandView, ...errorReplies },
      },
    },
    async ({ params: { id, command }, query: { waitSec } }) =>
      viewCommand(await commands.awaitEnd(id, command, { limitMs: waitSec * 1000, signal: closing.signal })),
  );
}

function viewCommand({ counter: _, args, result, ...command }: CommandRecord): View {
  return { ...command, args: { ...args }, ...(result && { result: { ...result } }) };
}
