import {
  NonceReply,
  NonceRequest,
  RenewalReply,
  RenewalRequest,
} from '@watchpost/shared/messages/enrolment.ts';
import { errorReplies, type Routes } from '../route.ts';

/** New certificates for enrolled boxes; the signature of a nonce is the credential, so an expired box comes back. */
export const certificateRoutes: Routes = (app, { renewal, guards }) => {
  const tags = ['enrolment'];

  app.post(
    '/device/certificate/nonce',
    {
      onRequest: guards.anyone,
      schema: {
        summary: 'A number to sign, once, for a new certificate',
        tags,
        body: NonceRequest,
        response: { 200: NonceReply, ...errorReplies },
      },
    },
    async (request) => renewal.makeNonce(request.body.deviceId),
  );

  app.post(
    '/device/certificate',
    {
      onRequest: guards.anyone,
      schema: {
        summary: 'A new certificate for the enrolled key of a device',
        tags,
        body: RenewalRequest,
        response: { 200: RenewalReply, ...errorReplies },
      },
    },
    (request) => renewal.renew(request.body),
  );
};
