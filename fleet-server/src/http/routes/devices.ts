import { DeviceList, DeviceView } from '@watchpost/shared/api/fleet.ts';
import Type from 'typebox';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

const DeviceQuery = Type.Object({
  filter: Type.Optional(Type.String({ maxLength: 4096, description: 'site == "bcn-1" and not tag:lab' })),
});

/** /devices: the fleet as it is now. */
export const deviceRoutes: Routes = (app, { fleet, targeting, guards }) => {
  const tags = ['devices'];

  app.get(
    '/devices',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Every device, or those that meet a filter',
        tags,
        security: FOR_USERS,
        querystring: DeviceQuery,
        response: { 200: DeviceList, ...errorReplies },
      },
    },
    async ({ query: { filter } }) => ({
      devices: [...(filter === undefined ? fleet.view.devices() : await targeting.targets.find(filter))],
    }),
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
