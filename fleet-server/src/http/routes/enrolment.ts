import { TokenReply, TokenRequest } from '@watchpost/shared/api/registry.ts';
import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { EnrolPending, EnrolRequest, EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf, requireNoWait } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type RouteDeps, type Routes } from '../route.ts';

/** Tokens for new boxes, and their enrolment. */
export const enrolmentRoutes: Routes = (app, deps) => {
  const { audit, enrolment, guards } = deps;
  const tags = ['enrolment'];

  app.post(
    '/enrolment-tokens',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        summary: 'Make a token that enrols one box',
        tags,
        security: FOR_USERS,
        body: TokenRequest,
        response: { 201: TokenReply, ...errorReplies },
      },
    },
    async (request, reply) => {
      const made = await enrolment.createToken(request.body.ttlMinutes);
      const details = { expiresAtMs: made.expiresAtMs };
      const subject = nameToken(made.token);
      await audit.record({ actor: actorOf(request), action: 'enrolment_token.created', subject, details });
      return reply.code(201).send(made);
    },
  );

  app.post(
    '/enrol',
    {
      onRequest: guards.anyone,
      schema: {
        summary:
          'Enrol the box that asks: by its token, by the list, or once a person accepts it (202 until then)',
        tags,
        body: EnrolRequest,
        response: { 200: EnrolResponse, 202: EnrolPending, ...errorReplies },
      },
    },
    async (request, reply) => {
      const welcome = await enrol(deps, request, reply);
      // One that waits asks again and again: the person who accepts it is on record.
      if (!('certificate' in welcome)) return reply.code(202).send(welcome);
      const { deviceId: id, token } = request.body;
      const details = { ...(token !== undefined && { token: nameToken(token) }), address: request.ip };
      await audit.record({ actor: { kind: 'device', id }, action: 'device.enrolled', subject: id, details });
      return welcome;
    },
  );
};

/** Tells tokens apart without giving them away. */
const nameToken = (token: string): string => sha256Hex(token).slice(0, 12);

async function enrol(
  { enrolment, limits }: RouteDeps,
  request: FastifyRequest<{ Body: EnrolRequest }>,
  reply: FastifyReply,
): Promise<EnrolResponse | EnrolPending> {
  return enrolment.enrol(request.body).catch((error: unknown) => {
    if (isAppError(error, 'TOKEN_INVALID')) requireNoWait(limits.tokenFailed(request.ip), reply);
    throw error;
  });
}
