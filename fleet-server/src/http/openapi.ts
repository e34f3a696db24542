import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { accessOf, SESSION_COOKIE } from './guards.ts';
import type { HttpApp } from './route.ts';

/** The document is made from the schemas of the routes: /docs to read, /docs/json for programs. */
export async function serveOpenApi(app: HttpApp): Promise<void> {
  await app.register(swagger, {
    transform: ({ schema, url, route }) => ({ schema: { ...schema, 'x-access': accessOf(route) }, url }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Watchpost fleet server',
        description: 'Everything the web page and fleetctl do goes through this API.',
        version: '1',
      },
      components: {
        securitySchemes: {
          user: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
          token: { type: 'http', scheme: 'bearer', description: 'an API token' },
          device: { type: 'http', scheme: 'basic', description: 'device id and the secret it enrolled with' },
        },
      },
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
}

/** For the `security` of a route's schema. */
export const FOR_USERS = [{ user: [] }, { token: [] }];
export const FOR_DEVICES = [{ device: [] }];
export const FOR_BOTH = [...FOR_USERS, ...FOR_DEVICES];
