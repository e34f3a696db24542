import {
  DeviceGroupList,
  DeviceGroupRequest,
  DeviceGroupView,
  DeviceMetadata,
  FilterPreview,
  FilterPreviewRequest,
  MetadataChange,
  SavedFilter,
  SavedFilterList,
  SavedFilterRequest,
  SavedPolicy,
  SavedPolicyList,
  SavedPolicyRequest,
  SiteList,
  SiteRequest,
  SiteView,
  TargetName,
} from '@watchpost/shared/api/targeting.ts';
import Type from 'typebox';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { DeviceParams, errorReplies, type Routes } from '../route.ts';

const params = Type.Object({ id: TargetName });
const tags = ['targeting'];
const security = FOR_USERS;
const Deleted = { 204: Type.Null(), ...errorReplies };

/** /sites, /groups, /filters, /policies and /devices/:id/metadata: what people say about devices. */
export const targetingRoutes: Routes = (app, deps) => {
  siteRoutes(app, deps);
  metadataRoute(app, deps);
  groupRoutes(app, deps);
  filterRoutes(app, deps);
  previewRoute(app, deps);
  policyRoutes(app, deps);
};

const siteRoutes: Routes = (app, { targeting: { book }, guards }) => {
  const [viewer, operator] = [guards.requireRole('viewer'), guards.requireRole('operator')];
  app.get(
    '/sites',
    {
      onRequest: viewer,
      schema: { summary: 'Every site', tags, security, response: { 200: SiteList, ...errorReplies } },
    },
    async () => ({ sites: [...(await book.listSites())] }),
  );
  app.get(
    '/sites/:id',
    {
      onRequest: viewer,
      schema: { summary: 'One site', tags, security, params, response: { 200: SiteView, ...errorReplies } },
    },
    (request) => book.showSite(request.params.id),
  );
  app.put(
    '/sites/:id',
    {
      onRequest: operator,
      schema: {
        summary: 'Make a site, or say something else of one',
        ...{ tags, security, params },
        body: SiteRequest,
        response: { 200: SiteView, ...errorReplies },
      },
    },
    (request) => book.saveSite({ id: request.params.id, ...request.body }, actorOf(request)),
  );
  app.delete(
    '/sites/:id',
    {
      onRequest: operator,
      schema: { summary: 'Delete a site where no device stands', tags, security, params, response: Deleted },
    },
    async (request, reply) => {
      await book.deleteSite(request.params.id, actorOf(request));
      return reply.code(204).send(null);
    },
  );
};

const metadataRoute: Routes = (app, { targeting: { book }, guards }) => {
  app.patch(
    '/devices/:id/metadata',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        summary: 'Say where a device stands, tag it, give it attributes',
        description: 'What is left out stays; null takes away.',
        ...{ tags, security },
        params: DeviceParams,
        body: MetadataChange,
        response: { 200: DeviceMetadata, ...errorReplies },
      },
    },
    (request) => book.changeMetadata(request.params.id, request.body, actorOf(request)),
  );
};

const groupRoutes: Routes = (app, { targeting: { book }, guards }) => {
  const [viewer, operator] = [guards.requireRole('viewer'), guards.requireRole('operator')];
  app.get(
    '/groups',
    {
      onRequest: viewer,
      schema: {
        summary: 'Every device group',
        ...{ tags, security },
        response: { 200: DeviceGroupList, ...errorReplies },
      },
    },
    async () => ({ groups: [...(await book.listGroups())] }),
  );
  app.get(
    '/groups/:id',
    {
      onRequest: viewer,
      schema: {
        summary: 'One device group; `group:id` as a filter finds its devices',
        ...{ tags, security, params },
        response: { 200: DeviceGroupView, ...errorReplies },
      },
    },
    (request) => book.showGroup(request.params.id),
  );
  app.put(
    '/groups/:id',
    {
      onRequest: operator,
      schema: {
        summary: 'Make a group of the devices listed, or of those that meet a filter',
        ...{ tags, security, params },
        body: DeviceGroupRequest,
        response: { 200: DeviceGroupView, ...errorReplies },
      },
    },
    (request) => book.saveGroup({ id: request.params.id, ...request.body }, actorOf(request)),
  );
  app.delete(
    '/groups/:id',
    {
      onRequest: operator,
      schema: { summary: 'Delete a group that no filter names', tags, security, params, response: Deleted },
    },
    async (request, reply) => {
      await book.deleteGroup(request.params.id, actorOf(request));
      return reply.code(204).send(null);
    },
  );
};

const filterRoutes: Routes = (app, { targeting: { book }, guards }) => {
  const [viewer, operator] = [guards.requireRole('viewer'), guards.requireRole('operator')];
  app.get(
    '/filters',
    {
      onRequest: viewer,
      schema: {
        summary: 'Every saved filter',
        ...{ tags, security },
        response: { 200: SavedFilterList, ...errorReplies },
      },
    },
    async () => ({ filters: [...(await book.listFilters())] }),
  );
  app.get(
    '/filters/:id',
    {
      onRequest: viewer,
      schema: {
        summary: 'One saved filter',
        ...{ tags, security, params },
        response: { 200: SavedFilter, ...errorReplies },
      },
    },
    (request) => book.showFilter(request.params.id),
  );
  app.put(
    '/filters/:id',
    {
      onRequest: operator,
      schema: {
        summary: 'Save a filter under a name',
        ...{ tags, security, params },
        body: SavedFilterRequest,
        response: { 200: SavedFilter, ...errorReplies },
      },
    },
    (request) => book.saveFilter({ id: request.params.id, ...request.body }, actorOf(request)),
  );
  app.delete(
    '/filters/:id',
    {
      onRequest: operator,
      schema: { summary: 'Forget a saved filter', tags, security, params, response: Deleted },
    },
    async (request, reply) => {
      await book.deleteFilter(request.params.id, actorOf(request));
      return reply.code(204).send(null);
    },
  );
};

const previewRoute: Routes = (app, { targeting, guards }) => {
  app.post(
    '/filters/preview',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'Which devices a filter means: those that may be given orders',
        ...{ tags, security },
        body: FilterPreviewRequest,
        response: { 200: FilterPreview, ...errorReplies },
      },
    },
    async ({ body: { filter, limit } }) => {
      const devices = await targeting.targets.match(filter);
      return { total: devices.length, devices: devices.slice(0, limit) };
    },
  );
};

const policyRoutes: Routes = (app, { targeting: { book }, guards }) => {
  const [viewer, operator] = [guards.requireRole('viewer'), guards.requireRole('operator')];
  app.get(
    '/policies',
    {
      onRequest: viewer,
      schema: {
        summary: 'Every policy of rollouts that has a name',
        ...{ tags, security },
        response: { 200: SavedPolicyList, ...errorReplies },
      },
    },
    async () => ({ policies: [...(await book.listPolicies())] }),
  );
  app.get(
    '/policies/:id',
    {
      onRequest: viewer,
      schema: {
        summary: 'One policy',
        ...{ tags, security, params },
        response: { 200: SavedPolicy, ...errorReplies },
      },
    },
    (request) => book.showPolicy(request.params.id),
  );
  app.put(
    '/policies/:id',
    {
      onRequest: operator,
      schema: {
        summary: 'Save a policy under a name; what is left out has its default',
        ...{ tags, security, params },
        body: SavedPolicyRequest,
        response: { 200: SavedPolicy, ...errorReplies },
      },
    },
    (request) => book.savePolicy({ id: request.params.id, ...request.body }, actorOf(request)),
  );
  app.delete(
    '/policies/:id',
    {
      onRequest: operator,
      schema: {
        summary: 'Forget a policy; rollouts that were made with it keep it',
        ...{ tags, security, params },
        response: Deleted,
      },
    },
    async (request, reply) => {
      await book.deletePolicy(request.params.id, actorOf(request));
      return reply.code(204).send(null);
    },
  );
};
