import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import { useServices } from '../services.ts';
import { createFleetStore, type FleetSnapshot, type FleetStore } from './fleet-store.ts';

export const FleetContext = createContext<FleetStore | undefined>(undefined);

/** A store that follows the fleet for as long as the component is shown. */
export function useNewFleetStore(): FleetStore {
  const services = useServices();
  const [store] = useState(() => createFleetStore(services));
  useEffect(() => {
    const stop = new AbortController();
    store.start(stop.signal);
    return () => stop.abort();
  }, [store]);
  return store;
}

export function useFleetStore(): FleetStore {
  const store = useContext(FleetContext);
  if (store === undefined) throw new Error('the page is drawn outside the fleet');
  return store;
}

export function useFleet(): FleetSnapshot {
  const store = useFleetStore();
  return useSyncExternalStore(store.subscribe, store.snapshot);
}
