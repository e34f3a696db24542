import { logIn } from '@watchpost/fleet-server/cli/api-client.ts';
import { DeviceList, type DeviceView, EventPage, type StoredEvent } from '@watchpost/shared/api/fleet.ts';
import type { DemoFleet } from './fleet.ts';

/** What the smoke run asks the server, logging in anew each time: the server may have been restarted. */
export interface FleetClient {
  devices(): Promise<readonly DeviceView[]>;
  /** Every stored event, oldest first. */
  events(): Promise<readonly StoredEvent[]>;
}

const PAGE = 500;

export function createFleetClient({ url, user, password }: DemoFleet): FleetClient {
  const open = () => logIn({ server: url, user, password });
  return {
    devices: async () => (await (await open()).get('devices', DeviceList)).devices,
    events: async () => {
      const api = await open();
      const events: StoredEvent[] = [];
      let before: number | undefined;
      do {
        const from = before === undefined ? '' : `&before=${before}`;
        const page = await api.get(`events?limit=${PAGE}${from}`, EventPage);
        events.push(...page.events);
        before = page.next;
      } while (before !== undefined);
      return events.reverse();
    },
  };
}
