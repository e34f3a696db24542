import { useSyncExternalStore } from 'react';

export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'device'; readonly id: string }
  | { readonly page: 'rollouts' }
  | { readonly page: 'new-rollout' }
  | { readonly page: 'rollout'; readonly id: string }
  | { readonly page: 'unknown' };

const ID_PATH = /^\/(devices|rollouts)\/([a-z0-9-]{1,64})$/;

export const ROLLOUTS_PATH = '/rollouts';
export const NEW_ROLLOUT_PATH = '/rollouts/new';

export function parseRoute(path: string): Route {
  if (path === '/') return { page: 'fleet' };
  if (path === ROLLOUTS_PATH) return { page: 'rollouts' };
  if (path === NEW_ROLLOUT_PATH) return { page: 'new-rollout' };
  const [, room, id] = ID_PATH.exec(path) ?? [];
  if (id === undefined) return { page: 'unknown' };
  return { page: room === 'devices' ? 'device' : 'rollout', id };
}

export const devicePath = (id: string): string => `/devices/${id}`;
export const rolloutPath = (id: string): string => `${ROLLOUTS_PATH}/${id}`;

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, currentPath));
}

export function navigate(path: string): void {
  history.pushState(null, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
  scrollTo(0, 0);
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}

function currentPath(): string {
  return location.pathname;
}
