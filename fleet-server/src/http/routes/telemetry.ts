import { TelemetryHistory } from '@watchpost/shared/api/fleet.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

const STORED_MS = 24 * 3600 * 1000;
const MAX_STORED = 500;

/** GET /devices/:id/telemetry: samples for sparklines. */
export const telemetryRoutes: Routes = (app, { fleet, guards, nowMs }) => {
  app.get(
    '/devices/:id/telemetry',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Live samples of the last minutes; without any, the stored summaries of a day',
        tags: ['devices'],
        security: FOR_USERS,
        params: DeviceParams,
        response: { 200: TelemetryHistory, ...errorReplies },
      },
    },
    async (request): Promise<TelemetryHistory> => {
      const { id } = requireKnownDevice(fleet.view, request.params.id);
      const recent = fleet.view.recentTelemetry(id);
      if (recent.length > 0) return { samples: [...recent] };
      return { samples: [...(await fleet.reports.telemetry(id, nowMs() - STORED_MS, MAX_STORED))] };
    },
  );
};
