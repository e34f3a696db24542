import {
  RolloutActionRequest,
  RolloutExplanation,
  RolloutJournalPage,
  RolloutList,
  RolloutMemberPage,
  RolloutPlanRequest,
  RolloutPreview,
  RolloutRequest,
  RolloutRetryRequest,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import Type from 'typebox';
import { ROLLOUT_ACTIONS, type RolloutActionName } from '../../rollouts/port.ts';
import { actorOf } from '../guards.ts';
import { FOR_USERS } from '../openapi.ts';
import { errorReplies, type HttpApp, type RouteDeps, type Routes } from '../route.ts';

const closed = { additionalProperties: false } as const;
const RolloutParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }) });
const limitOf = (maximum: number) => Type.Integer({ minimum: 1, maximum, default: Math.min(100, maximum) });
const ListQuery = Type.Object(
  {
    before: Type.Optional(Type.Integer({ minimum: 1, description: '`next` of the page before' })),
    limit: limitOf(50),
  },
  closed,
);
const JournalQuery = Type.Object(
  { after: Type.Integer({ minimum: 0, default: 0 }), limit: limitOf(1000) },
  closed,
);
const MembersQuery = Type.Object(
  {
    group: Type.Optional(Type.Integer({ minimum: 1 })),
    state: Type.Optional(DeploymentState),
    after: Type.Optional(Type.Integer({ minimum: 0, description: '`next` of the page before' })),
    limit: limitOf(1000),
  },
  closed,
);

const SUMMARIES: Readonly<Record<RolloutActionName, string>> = {
  approve: 'Approve a rollout somebody else made',
  deny: 'Deny a rollout that waits for approval',
  start: 'Start a rollout that is ready, or at once one that waits for its time',
  pause: 'Order nobody until it is resumed; who is in work goes on',
  resume: 'Let a paused rollout go on; failures so far count no more',
  stop: 'Order nobody any more; who is in work comes to an end',
  rollback: 'Take every device back to what it ran before',
  'skip-group': 'Begin the next group without waiting for this one; failures so far count no more',
  retry: 'Try again what failed, was rejected or not reached; orders lift the quarantine',
};

const tags = ['rollouts'];
const shown = { tags, security: FOR_USERS };

/** /rollouts: campaigns that bring devices to a bundle, group by group. */
export const rolloutRoutes: Routes = (app, deps) => {
  addMaking(app, deps);
  addShowing(app, deps);
  addPages(app, deps);
  for (const name of ROLLOUT_ACTIONS) addAction(app, deps, name);
};

function addMaking(app: HttpApp, { rollouts, guards }: RouteDeps): void {
  app.post(
    '/rollouts/plan',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        ...shown,
        summary: 'What a rollout would do; nothing is stored',
        body: RolloutPlanRequest,
        response: { 200: RolloutPreview, ...errorReplies },
      },
    },
    (request) => rollouts.plan(request.body),
  );

  app.post(
    '/rollouts',
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...shown,
        summary: 'Make a rollout',
        body: RolloutRequest,
        response: { 201: RolloutView, ...errorReplies },
      },
    },
    async (request, reply) => reply.code(201).send(await rollouts.create(request.body, actorOf(request))),
  );
}

function addShowing(app: HttpApp, { rollouts, guards }: RouteDeps): void {
  const onRequest = guards.requireRole('viewer');

  app.get(
    '/rollouts',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'Rollouts, newest first',
        querystring: ListQuery,
        response: { 200: RolloutList, ...errorReplies },
      },
    },
    (request) => rollouts.list(request.query),
  );

  app.get(
    '/rollouts/:id',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'A rollout with its groups, what devices wait for, and what its gates say',
        params: RolloutParams,
        response: { 200: RolloutView, ...errorReplies },
      },
    },
    (request) => rollouts.show(request.params.id),
  );

  app.get(
    '/rollouts/:id/explain',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'Why a rollout does not go on, in words',
        params: RolloutParams,
        response: { 200: RolloutExplanation, ...errorReplies },
      },
    },
    (request) => rollouts.explain(request.params.id),
  );
}

function addPages(app: HttpApp, { rollouts, guards }: RouteDeps): void {
  const onRequest = guards.requireRole('viewer');

  app.get(
    '/rollouts/:id/journal',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'Every transition of a rollout with who made it and why, oldest first',
        params: RolloutParams,
        querystring: JournalQuery,
        response: { 200: RolloutJournalPage, ...errorReplies },
      },
    },
    (request) => rollouts.journal(request.params.id, request.query),
  );

  app.get(
    '/rollouts/:id/members',
    {
      onRequest,
      schema: {
        ...shown,
        summary: 'The devices of a rollout, in the order in which they are taken',
        params: RolloutParams,
        querystring: MembersQuery,
        response: { 200: RolloutMemberPage, ...errorReplies },
      },
    },
    (request) => rollouts.members(request.params.id, request.query),
  );
}

function addAction(app: HttpApp, { rollouts, guards }: RouteDeps, name: RolloutActionName): void {
  app.post(
    `/rollouts/:id/${name}`,
    {
      onRequest: guards.requireRole('operator'),
      schema: {
        ...shown,
        summary: SUMMARIES[name],
        params: RolloutParams,
        body: name === 'retry' ? RolloutRetryRequest : RolloutActionRequest,
        response: { 200: RolloutView, ...errorReplies },
      },
    },
    (request) => rollouts.act(request.params.id, name, request.body, actorOf(request)),
  );
}
