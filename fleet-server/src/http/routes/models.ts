import {
  AliasRequest,
  CertificationRequest,
  DeviceAsOf,
  ModelAlias,
  ModelList,
  ModelStepRequest,
  ModelVersionDetail,
  ModelView,
} from '@watchpost/shared/api/models.ts';
import { Id, UnixMs } from '@watchpost/shared/kernel/ids.ts';
import Type from 'typebox';
import type { ModelStep } from '../../registry/port.ts';
import { userOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

const ModelParams = Type.Object({ name: Id });
const VersionParams = Type.Object({ name: Id, version: Type.String({ maxLength: 64 }) });
const AliasParams = Type.Object({ name: Id, alias: ModelAlias });
const tags = ['models'];
const shown = { tags, security: FOR_USERS };

/** /models: versions of models, and what became of them. */
export const modelRoutes: Routes = (app, deps) => {
  const { versions } = deps.models;
  const onRequest = deps.guards.requireRole('viewer');

  app.get(
    '/models',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'Every version of every model, newest first',
        querystring: Type.Object({ search: Type.String({ maxLength: 256, default: '' }) }),
        response: { 200: ModelList, ...errorReplies },
      },
    },
    async (request) => ({ versions: [...(await versions.list(request.query.search))] }),
  );

  app.get(
    '/models/:name',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'The versions of a model, and where its aliases pointed',
        params: ModelParams,
        response: { 200: ModelView, ...errorReplies },
      },
    },
    (request) => versions.showModel(request.params.name),
  );

  app.get(
    '/models/:name/versions/:version',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'One version: where it comes from, what was found, who decided',
        params: VersionParams,
        response: { 200: ModelVersionDetail, ...errorReplies },
      },
    },
    ({ params }) => versions.show({ model: params.name, version: params.version }),
  );

  app.get(
    '/devices/:id/as-of',
    {
      onRequest,
      schema: {
        tags: ['devices'],
        security: FOR_USERS,
        summary: 'What ran on a device at a time, and who certified and released it',
        params: DeviceParams,
        querystring: Type.Object({ time: UnixMs }),
        response: { 200: DeviceAsOf, ...errorReplies },
      },
    },
    ({ params, query }) => versions.asOf(params.id, query.time),
  );

  decisionRoutes(app, deps);
};

/** What people do to versions. */
const decisionRoutes: Routes = (app, deps) => {
  const { versions } = deps.models;
  const operator = deps.guards.requireRole('operator');

  app.post(
    '/models/:name/versions/:version/validate',
    {
      onRequest: operator,
      schema: {
        ...shown,
        summary: 'Look at a version (again): its graph, its outputs, its golden frames',
        params: VersionParams,
        response: { 200: ModelVersionDetail, ...errorReplies },
      },
    },
    ({ params }) => versions.validate({ model: params.name, version: params.version }),
  );

  app.post(
    '/models/:name/versions/:version/certify',
    {
      onRequest: deps.guards.requireRole('qa'),
      schema: {
        ...shown,
        summary: 'Approve or reject a validated version; never by the person who pushed it',
        params: VersionParams,
        body: CertificationRequest,
        response: { 200: ModelVersionDetail, ...errorReplies },
      },
    },
    (request) => {
      const { name, version } = request.params;
      const { decision, report } = request.body;
      const by = userOf(request).session.user;
      return versions.certify({ model: name, version }, decision, { report, by });
    },
  );

  const steps: Readonly<Record<string, ModelStep>> = {
    release: 'released',
    withdraw: 'withdrawn',
    archive: 'archived',
  };
  for (const [verb, to] of Object.entries(steps))
    app.post(
      `/models/:name/versions/:version/${verb}`,
      {
        onRequest: operator,
        schema: {
          ...shown,
          summary: `Make a version ${to}`,
          params: VersionParams,
          body: ModelStepRequest,
          response: { 200: ModelVersionDetail, ...errorReplies },
        },
      },
      (request) => {
        const { name, version } = request.params;
        const text = { reason: request.body.reason ?? '', by: userOf(request).session.user };
        return versions.move({ model: name, version }, to, text);
      },
    );

  aliasRoute(app, deps);
};

const aliasRoute: Routes = (app, { models: { versions }, guards }) => {
  app.post(
    '/models/:name/aliases/:alias',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...shown,
        summary: 'Point an alias at a version, or at none',
        params: AliasParams,
        body: AliasRequest,
        response: { 200: ModelView, ...errorReplies },
      },
    },
    (request) => {
      const { name, alias } = request.params;
      return versions.setAlias(name, alias, {
        version: request.body.version,
        by: userOf(request).session.user,
      });
    },
  );
};
