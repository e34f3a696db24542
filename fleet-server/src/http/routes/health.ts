import Type from 'typebox';
import type { Routes } from '../route.ts';

const Health = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false });

/** GET /healthz, for whoever supervises the process. */
export const healthRoutes: Routes = (app) => {
  app.get(
    '/healthz',
    { schema: { summary: 'Is the server up', tags: ['health'], response: { 200: Health } } },
    () => ({ status: 'ok' as const }),
  );
};
