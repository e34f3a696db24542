import { type DeploymentHistory, DeploymentHistoryPage } from '@watchpost/shared/api/deployments.ts';
import { DeploymentRequest, DeploymentView } from '@watchpost/shared/api/registry.ts';
import Type from 'typebox';
import type { DeploymentRecord, DeploymentHistory as StoredHistory } from '../../store/port.ts';
import { actorOf } from '../guards.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type HttpApp, type RouteDeps, type Routes } from '../route.ts';

const HistoryQuery = Type.Object(
  {
    before: Type.Optional(Type.Integer({ minimum: 1, description: '`next` of the page before' })),
    limit: Type.Integer({ minimum: 1, maximum: 20, default: 10 }),
  },
  { additionalProperties: false },
);

/** /devices/:id/deployments: orders one device to run a bundle, and tells what became of it. */
export const deploymentRoutes: Routes = (app, deps) => {
  addOrder(app, deps);
  addHistory(app, deps);
};

function addOrder(app: HttpApp, { audit, models, guards }: RouteDeps): void {
  app.post(
    '/devices/:id/deployments',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        summary: 'Order a device to run a bundle',
        tags: ['deployments'],
        security: FOR_USERS,
        params: DeviceParams,
        body: DeploymentRequest,
        response: { 201: DeploymentView, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id: subject } = request.params;
      const { bundleDigest, liftQuarantine = false } = request.body;
      const deployment = await models.director.deploy(subject, bundleDigest, { liftQuarantine });
      const details = {
        deploymentId: deployment.id,
        bundleDigest,
        ...(liftQuarantine && { liftQuarantine }),
      };
      await audit.record({ actor: actorOf(request), action: 'deployment.ordered', subject, details });
      return reply.code(201).send(viewDeployment(deployment));
    },
  );
}

function addHistory(app: HttpApp, { fleet, guards }: RouteDeps): void {
  app.get(
    '/devices/:id/deployments',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'The deployments of a device with what it told of each, newest first',
        tags: ['deployments'],
        security: FOR_USERS,
        params: DeviceParams,
        querystring: HistoryQuery,
        response: { 200: DeploymentHistoryPage, ...errorReplies },
      },
    },
    async (request): Promise<DeploymentHistoryPage> => {
      const { id: deviceId } = requireKnownDevice(fleet.view, request.params.id);
      const { deployments, next } = await fleet.deployments.page({ deviceId, ...request.query });
      return { deployments: deployments.map(viewHistory), ...(next !== undefined && { next }) };
    },
  );
}

/** The signed order is for its device only. */
function viewDeployment({
  id,
  deviceId,
  bundleDigest,
  state,
  createdAtMs,
}: DeploymentRecord): DeploymentView {
  return { id, deviceId, bundleDigest, state, createdAtMs };
}

function viewHistory({ order: _order, deviceId: _device, ...deployment }: StoredHistory): DeploymentHistory {
  const changes = deployment.changes.map(
    ({ deploymentId: _deployment, bundleDigest: _digest, ...change }) => change,
  );
  return { ...deployment, changes };
}
