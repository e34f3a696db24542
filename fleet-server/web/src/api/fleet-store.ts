import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import { type Api, ApiError, type DeviceView, type StoredEvent } from './client.ts';
import type { OpenLive } from './live.ts';

/** `connecting` until the first stream opens; `cut` until it opens again. */
export type Link = 'connecting' | 'live' | 'cut';

export interface FleetSnapshot {
  readonly link: Link;
  /** Counts the openings of the stream: whoever shows more than devices reads again when it changes. */
  readonly opened: number;
  /** In order of id; undefined until the first answer. */
  readonly devices: readonly DeviceView[] | undefined;
  readonly error: ApiError | undefined;
}

/** The fleet as this page knows it: read once, then kept by the live stream. */
export interface FleetStore {
  snapshot(): FleetSnapshot;
  subscribe(listener: () => void): () => void;
  /** Events as they come, of all devices. @returns unsubscribes */
  onEvent(listener: (event: StoredEvent) => void): () => void;
  /** What is told of pictures of sightings, of all devices. @returns unsubscribes */
  onEvidence(listener: (view: EvidenceView) => void): () => void;
  /** Reads the fleet and follows it until aborted. */
  start(signal: AbortSignal): void;
}

/** Changes are gathered this long before the page is drawn: thousands of boxes report, a person reads. */
const GATHER_MS = 100;

/** gate-2 before gate-10. */
const ORDER = new Intl.Collator('en', { numeric: true });

export function createFleetStore({
  api,
  openLive,
}: {
  readonly api: Api;
  readonly openLive: OpenLive;
}): FleetStore {
  let state: FleetSnapshot = { link: 'connecting', opened: 0, devices: undefined, error: undefined };
  /**
   * What the open stream told. It tells every change, in order, so it goes before a list; what was seen last says
   * nothing, for a server's clock may be set back.
   */
  let told = new Map<string, DeviceView>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();
  const eventListeners = new Set<(event: StoredEvent) => void>();
  const evidenceListeners = new Set<(view: EvidenceView) => void>();

  const update = (change: Partial<FleetSnapshot>): void => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };

  const flush = (): void => {
    timer = undefined;
    if (state.devices !== undefined) update({ devices: mergeDevices(state.devices, told) });
  };

  const gather = (device: DeviceView): void => {
    told.set(device.id, device);
    timer ??= setTimeout(flush, GATHER_MS);
  };

  const read = async (signal: AbortSignal): Promise<void> => {
    try {
      const list = await api.devices(signal);
      update({ devices: mergeDevices(list, told), error: undefined });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      update({ error });
    }
  };

  return {
    snapshot: () => state,
    subscribe: (listener) => subscribeTo(listeners, listener),
    onEvent: (listener) => subscribeTo(eventListeners, listener),
    onEvidence: (listener) => subscribeTo(evidenceListeners, listener),
    start(signal) {
      const onMessage: Parameters<OpenLive>[0]['onMessage'] = (message) => {
        if (message.kind === 'device') gather(message.data);
        else if (message.kind === 'event') for (const listener of eventListeners) listener(message.data);
        else for (const listener of evidenceListeners) listener(message.data);
      };
      const onOpen = (): void => {
        told = new Map();
        update({ link: 'live', opened: state.opened + 1 });
        void read(signal);
      };
      const onCut = (refused: boolean): void => {
        update({ link: 'cut' });
        // A session that ended refuses the stream too; asking for it tells, and leads to the login.
        if (refused) api.session().catch(() => undefined);
      };
      signal.addEventListener('abort', () => clearTimeout(timer));
      openLive({ onMessage, onOpen, onCut }, signal);
    },
  };
}

/** `devices` with `changes` in place of what they renew, in order of id; what is unchanged keeps its identity. */
function mergeDevices(
  devices: readonly DeviceView[],
  changes: ReadonlyMap<string, DeviceView>,
): readonly DeviceView[] {
  const byId = new Map(devices.map((device) => [device.id, device]));
  for (const [id, change] of changes) byId.set(id, change);
  return [...byId.values()].sort((a, b) => ORDER.compare(a.id, b.id));
}

function subscribeTo<T>(set: Set<T>, listener: T): () => void {
  set.add(listener);
  return () => set.delete(listener);
}
