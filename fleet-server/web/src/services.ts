import { createContext, useContext } from 'react';
import type { Api } from './api/client.ts';
import type { OpenLive } from './api/live.ts';
import type { Ticker } from './shell/ticker.ts';

/** What main.tsx made, for whoever on the page needs it. */
export interface Services {
  readonly api: Api;
  readonly openLive: OpenLive;
  readonly ticker: Ticker;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('the page is drawn outside its services');
  return services;
}
