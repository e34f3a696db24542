import {
  DeviceConfigHistory,
  DeviceConfigRequest,
  DeviceConfigView,
} from '@watchpost/shared/api/device-config.ts';
import { serverError } from '../../kernel/errors.ts';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

/** /devices/:id/config: what the fleet sets on one device. */
export const deviceConfigRoutes: Routes = (app, { audit, configurator, guards }) => {
  const common = { tags: ['devices'], security: FOR_USERS, params: DeviceParams };
  const path = '/devices/:id/config';

  const change = async (request: Parameters<typeof actorOf>[0], id: string, settings: object) => {
    const actor = actorOf(request);
    const set = await configurator.set(id, settings, actor.id);
    const details = { version: set.version, keys: Object.keys(settings) };
    await audit.record({ actor, action: 'device.configured', subject: id, details });
    return { ...set };
  };

  app.get(
    path,
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        ...common,
        summary: 'What was last set on a device',
        response: { 200: DeviceConfigView, ...errorReplies },
      },
    },
    async ({ params: { id } }) => {
      const [newest] = await configurator.history(id);
      if (newest === undefined) throw serverError('NOT_FOUND', `nothing was ever set on device ${id}`);
      return { ...newest };
    },
  );

  app.get(
    `${path}/history`,
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        ...common,
        summary: 'Everything that was set on a device',
        response: { 200: DeviceConfigHistory, ...errorReplies },
      },
    },
    async ({ params: { id } }) => ({
      versions: (await configurator.history(id)).map((version) => ({ ...version })),
    }),
  );

  app.put(
    path,
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...common,
        summary: 'Set a device',
        body: DeviceConfigRequest,
        response: { 200: DeviceConfigView, ...errorReplies },
      },
    },
    (request) => change(request, request.params.id, request.body.settings),
  );

  app.delete(
    path,
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...common,
        summary: 'Leave a device to its own settings',
        response: { 200: DeviceConfigView, ...errorReplies },
      },
    },
    (request) => change(request, request.params.id, {}),
  );
};
