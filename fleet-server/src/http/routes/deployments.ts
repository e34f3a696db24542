import { DeploymentRequest, DeploymentView } from '@watchpost/shared/api/registry.ts';
import type { DeploymentRecord } from '../../store/port.ts';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

/** POST /devices/:id/deployments: orders one device to run a bundle. */
export const deploymentRoutes: Routes = (app, { audit, models, guards }) => {
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
      const { bundleDigest } = request.body;
      const deployment = await models.director.deploy(subject, bundleDigest);
      const details = { deploymentId: deployment.id, bundleDigest };
      await audit.record({ actor: actorOf(request), action: 'deployment.ordered', subject, details });
      return reply.code(201).send(viewDeployment(deployment));
    },
  );
};

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
