import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { actorOf } from '../guards.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

/** /devices/:id/...: what people decide about devices. */
export const admissionRoutes: Routes = (app, { admission, fleet, guards }) => {
  const schema = {
    tags: ['devices'],
    security: FOR_USERS,
    params: DeviceParams,
    response: { 200: DeviceView, ...errorReplies },
  };

  app.post(
    '/devices/:id/revoke',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...schema,
        summary: 'Cut a device off: its key and certificates are good for nothing any more',
      },
    },
    async (request) => {
      await admission.revoke(request.params.id, actorOf(request));
      return requireKnownDevice(fleet.view, request.params.id);
    },
  );

  app.post(
    '/devices/:id/decommission',
    {
      onRequest: guards.requireRole('operator'),
      schema: { ...schema, summary: 'Put a device out of the fleet for good' },
    },
    async (request) => {
      await admission.decommission(request.params.id, actorOf(request));
      return requireKnownDevice(fleet.view, request.params.id);
    },
  );
};
