import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { serverError } from '../kernel/errors.ts';
import type { HttpApp } from './route.ts';

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>Watchpost</title>
<h1>The web page is not built</h1>
<p>Run <code>npm run build:web</code> and start the server again. The API works without it: see <a href="/docs">/docs</a>.</p>
`;

/** Serves the built web UI; addresses the page itself understands get its index.html. */
export async function serveWebUi(app: HttpApp, webDir: string): Promise<void> {
  const isBuilt = existsSync(join(webDir, 'index.html'));
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: webDir,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => reply.header('cache-control', cacheControlOf(path, webDir)),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (!isPage(request)) throw serverError('NOT_FOUND', `there is no ${request.method} ${request.url}`);
    if (isBuilt) return reply.sendFile('index.html');
    return sendNotBuilt(reply);
  });
}

/** The build puts a hash of the content into the names below assets/. */
function cacheControlOf(path: string, webDir: string): string {
  return path.startsWith(join(webDir, 'assets')) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function isPage(request: FastifyRequest): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const wantsHtml = request.headers.accept?.includes('text/html') === true;
  return isRead && wantsHtml && !request.url.startsWith('/api/');
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/html; charset=utf-8').send(NOT_BUILT);
}
