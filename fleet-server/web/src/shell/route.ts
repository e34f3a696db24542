import { useSyncExternalStore } from 'react';

export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'device'; readonly id: string }
  | { readonly page: 'unknown' };

const DEVICE_PATH = /^\/devices\/([a-z0-9-]{1,64})$/;

export function parseRoute(path: string): Route {
  if (path === '/') return { page: 'fleet' };
  const id = DEVICE_PATH.exec(path)?.[1];
  return id === undefined ? { page: 'unknown' } : { page: 'device', id };
}

export const devicePath = (id: string): string => `/devices/${id}`;

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
