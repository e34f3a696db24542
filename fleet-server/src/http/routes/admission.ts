import { Fingerprint, PreauthorizedList } from '@watchpost/shared/api/admission.ts';
import { DeviceView } from '@watchpost/shared/api/fleet.ts';
import { actorOf } from '../guards.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

const SUMMARIES = { accept: 'Let a waiting box in', reject: 'Turn a box away' } as const;

/** /devices/:id/...: what people decide about devices. */
export const admissionRoutes: Routes = (app, { admission, fleet, guards }) => {
  const schema = {
    tags: ['devices'],
    security: FOR_USERS,
    params: DeviceParams,
    response: { 200: DeviceView, ...errorReplies },
  };

  for (const verb of ['accept', 'reject'] as const)
    app.post(
      `/devices/:id/${verb}`,
      {
        onRequest: guards.requireRole('operator'),
        schema: {
          ...schema,
          summary: `${SUMMARIES[verb]}, by the fingerprint of its key`,
          body: Fingerprint,
        },
      },
      async (request) => {
        const { id } = request.params;
        await admission[verb]({ id, ...request.body }, actorOf(request));
        return requireKnownDevice(fleet.view, id);
      },
    );

  app.post(
    '/devices/preauthorized',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        tags: schema.tags,
        security: FOR_USERS,
        summary: 'Let boxes enrol without a token, by the fingerprint of their keys',
        body: PreauthorizedList,
        response: { 200: PreauthorizedList, ...errorReplies },
      },
    },
    async (request) => {
      await admission.preauthorize(request.body.devices, actorOf(request));
      return request.body;
    },
  );

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
