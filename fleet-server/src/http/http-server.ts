import type { Component } from '@watchpost/shared/kernel/component.ts';
import { serverError } from '../kernel/errors.ts';
import type { HttpApp } from './route.ts';

export interface HttpServerDeps {
  readonly createApp: () => Promise<HttpApp>;
  readonly host: string;
  /** 0 = any. */
  readonly port: number;
}

export interface HttpServer extends Component {
  /** Port it listens on, after start. */
  readonly port: number;
}

/** How long requests in flight may go on after a stop. */
const STOP_LIMIT_MS = 5_000;

/** The app on its socket. `start` throws AppError PORT_IN_USE. */
export function createHttpServer({ createApp, host, port }: HttpServerDeps): HttpServer {
  let app: HttpApp | undefined;
  return {
    name: 'http',
    get port() {
      const address = app?.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    start: async () => {
      const next = await createApp();
      await next.listen({ host, port }).catch(async (cause: NodeJS.ErrnoException) => {
        await next.close();
        if (cause.code !== 'EADDRINUSE') throw cause;
        throw serverError('PORT_IN_USE', `port ${port} of ${host} is taken (httpPort)`, { cause });
      });
      app = next;
    },
    stop: async () => {
      const stopping = app;
      const limit = setTimeout(() => stopping?.server.closeAllConnections(), STOP_LIMIT_MS);
      await stopping?.close();
      clearTimeout(limit);
    },
  };
}
