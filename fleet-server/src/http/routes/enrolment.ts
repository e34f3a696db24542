import { TokenReply, TokenRequest } from '@watchpost/shared/api/registry.ts';
import { EnrolRequest, EnrolResponse } from '@watchpost/shared/messages/enrolment.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type Routes } from '../route.ts';

/** Tokens for new boxes, and their enrolment. */
export const enrolmentRoutes: Routes = (app, { enrolment, guards }) => {
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
    async (request, reply) => reply.code(201).send(await enrolment.createToken(request.body.ttlMinutes)),
  );

  app.post(
    '/enrol',
    {
      onRequest: guards.anyone,
      schema: {
        summary: 'Enrol the box that asks; its token is the credential',
        tags,
        body: EnrolRequest,
        response: { 200: EnrolResponse, ...errorReplies },
      },
    },
    (request) => enrolment.enrol(request.body),
  );
};
