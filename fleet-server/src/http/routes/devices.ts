import { DeviceList, DeviceView } from '@watchpost/shared/api/fleet.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

/** /devices: the fleet as it is now. */
export const deviceRoutes: Routes = (app, { fleet, guards }) => {
  const tags = ['devices'];

  app.get(
    '/devices',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Every device',
        tags,
        security: FOR_USERS,
        response: { 200: DeviceList, ...errorReplies },
      },
    },
    () => ({ devices: [...fleet.view.devices()] }),
  );

  app.get(
    '/devices/:id',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'One device',
        tags,
        security: FOR_USERS,
        params: DeviceParams,
        response: { 200: DeviceView, ...errorReplies },
      },
    },
    (request) => requireKnownDevice(fleet.view, request.params.id),
  );
};
