import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import { fastify } from 'fastify';
import { createAttemptLimits } from './attempt-limits.ts';
import { createErrorHandler } from './error-handler.ts';
import { createGuards, requireGuard } from './guards.ts';
import { createLiveClients } from './live-clients.ts';
import { serveOpenApi } from './openapi.ts';
import type { HttpApp, HttpDeps, Routes } from './route.ts';
import { admissionRoutes } from './routes/admission.ts';
import { apiTokenRoutes } from './routes/api-tokens.ts';
import { artifactRoutes } from './routes/artifacts.ts';
import { auditRoutes } from './routes/audit.ts';
import { bundleRoutes } from './routes/bundles.ts';
import { certificateRoutes } from './routes/certificates.ts';
import { commandFileRoutes } from './routes/command-files.ts';
import { commandRoutes } from './routes/commands.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { deviceConfigRoutes } from './routes/device-config.ts';
import { deviceRoutes } from './routes/devices.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { eventRoutes } from './routes/events.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { healthRoutes } from './routes/health.ts';
import { liveRoutes } from './routes/live.ts';
import { modelRoutes } from './routes/models.ts';
import { pictureRoutes } from './routes/pictures.ts';
import { rolloutRoutes } from './routes/rollouts.ts';
import { sessionRoutes } from './routes/session.ts';
import { targetingRoutes } from './routes/targeting.ts';
import { telemetryRoutes } from './routes/telemetry.ts';
import { tufRoutes } from './routes/tuf.ts';
import { userRoutes } from './routes/users.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { createTlsServerFactory } from './tls-server.ts';
import { compileValidator } from './validation.ts';
import { serveWebUi } from './web-ui.ts';

const API_ROUTES: readonly Routes[] = [
  sessionRoutes,
  deviceRoutes,
  deviceConfigRoutes,
  targetingRoutes,
  admissionRoutes,
  certificateRoutes,
  eventRoutes,
  evidenceRoutes,
  telemetryRoutes,
  pictureRoutes,
  enrolmentRoutes,
  artifactRoutes,
  bundleRoutes,
  modelRoutes,
  deploymentRoutes,
  rolloutRoutes,
  commandRoutes,
  commandFileRoutes,
  tufRoutes,
  liveRoutes,
  userRoutes,
  apiTokenRoutes,
  auditRoutes,
];
const HEARTBEAT_MS = 15_000;
/** A connection on which nothing moves for so long is closed; a request that moves may take any time. */
const SOCKET_LIMITS = { connectionTimeout: 120_000, keepAliveTimeout: 72_000, requestTimeout: 0 } as const;

/** The API, its documentation and the web UI, ready to listen. */
export async function createHttpApp(deps: HttpDeps): Promise<HttpApp> {
  const replyError = createErrorHandler(deps.log);
  const app: HttpApp = fastify({
    ...(deps.tls && { serverFactory: createTlsServerFactory(deps.tls.certificate, SOCKET_LIMITS) }),
    ...SOCKET_LIMITS,
    genReqId: () => randomUUID(),
    frameworkErrors: (error, request, reply) => void replyError(error, request, reply),
  });
  const liveClients = createLiveClients({ fleet: deps.fleet.view, heartbeatMs: HEARTBEAT_MS });
  const limits = createAttemptLimits(deps.nowMs);
  const guards = createGuards(deps.access, limits);
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(replyError);
  app.decorateRequest('actor');
  app.addHook('onRoute', requireGuard);
  app.addHook('onRequest', async (_request, reply) => void reply.headers(SECURITY_HEADERS));
  app.addHook('onResponse', async ({ id, method, url }, { statusCode, elapsedTime }) =>
    deps.log.debug(
      { requestId: id, method, url, status: statusCode, ms: Math.round(elapsedTime) },
      'http request',
    ),
  );
  app.addHook('preClose', async () => liveClients.stop());
  await app.register(cookie);
  await serveOpenApi(app);
  await app.register(async (scope) => healthRoutes(scope, { ...deps, guards, limits, liveClients }));
  for (const routes of API_ROUTES)
    await app.register(async (scope) => routes(scope, { ...deps, guards, limits, liveClients }), {
      prefix: '/api/v1',
    });
  await serveWebUi(app, deps.webDir);
  return app;
}
