import type { EvidenceView } from '@watchpost/shared/api/evidence.ts';
import type { StoredEvent } from '@watchpost/shared/api/fleet.ts';
import type { DeviceMetadata } from '@watchpost/shared/api/targeting.ts';
import type { Component } from '@watchpost/shared/kernel/component.ts';
import { isEventId } from '@watchpost/shared/messages/evidence.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';
import { orderTypesOf } from '@watchpost/shared/trust/order.ts';
import type {
  CommitResult,
  DeploymentRecord,
  DeviceConfigRecord,
  DeviceRecord,
  DurableMessage,
  Store,
} from '../store/port.ts';
import {
  createFacts,
  type DeviceFacts,
  withCamera,
  withDeployment,
  withDesiredConfig,
  withMetadata,
  withPresence,
  withProgress,
  withReport,
} from './device-facts.ts';
import { connectionOf, toView } from './device-view.ts';
import type {
  DeviceStanding,
  DeviceView,
  FleetPresence,
  FleetProjection,
  FleetView,
  LiveMessage,
  LiveReport,
} from './port.ts';

/** Changes of a device are told at most this often. */
const TELL_EVERY_MS = 250;
/** How often silence is looked at: it changes a device without a message. */
const SWEEP_EVERY_MS = 15_000;
/** Live samples per device, in a small fleet and at least. */
const MAX_SAMPLES = 180;
const MIN_SAMPLES = 12;
/** Live samples of all devices together: about 1 KB each. */
const SAMPLE_BUDGET = 100_000;
/** Events of one commit that are told live: a page does not need a whole backlog. */
const MAX_EVENTS_TOLD = 50;

export interface FleetViewDeps {
  readonly store: Pick<Store, 'devices' | 'deployments' | 'targeting'>;
  readonly nowMs: () => number;
  /** Calls `run` once after `delayMs`. @returns cancels */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
}

/** Loads the enrolled devices, what is said of them and their latest deployments when started. */
export function createFleetView(
  deps: FleetViewDeps,
): FleetView & FleetPresence & FleetProjection & Component {
  return new MemoryFleetView(deps);
}

class MemoryFleetView implements FleetView, FleetPresence, FleetProjection, Component {
  readonly name = 'fleet-view';
  readonly #deps: FleetViewDeps;
  readonly #facts = new Map<string, DeviceFacts>();
  readonly #samples = new Map<string, Telemetry[]>();
  readonly #listeners = new Set<(message: LiveMessage) => void>();
  readonly #changed = new Set<string>();
  /** The connection as last looked at, to find those that silence changed. */
  readonly #connections = new Map<string, DeviceView['connection']>();
  #cancelTell: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(deps: FleetViewDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { devices, deployments, targeting } = this.#deps.store;
    for (const record of await devices.list()) this.addDevice(record);
    for (const { deviceId, ...metadata } of await targeting.listMetadata())
      this.setMetadata(deviceId, metadata);
    for (const deployment of await deployments.latestOfAll()) this.setDeployment(deployment);
    this.#sweepLater();
  }

  async stop(): Promise<void> {
    this.#cancelTell?.();
    this.#cancelSweep?.();
    this.#listeners.clear();
  }

  devices(): readonly DeviceView[] {
    const nowMs = this.#deps.nowMs();
    return [...this.#facts.values()]
      .map((facts) => toView(facts, nowMs))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  device(id: string): DeviceView | undefined {
    const facts = this.#facts.get(id);
    return facts && toView(facts, this.#deps.nowMs());
  }

  standing(id: string): DeviceStanding | undefined {
    const facts = this.#facts.get(id);
    if (facts === undefined) return undefined;
    const { record, isOnline, birth, active, deployment, lastSeenMs = facts.knownSinceMs } = facts;
    const orderTypes = orderTypesOf(birth);
    return {
      isAccepted: record.state === 'accepted',
      isConnected: isOnline,
      lastSeenMs,
      ...(orderTypes !== undefined && { orderTypes }),
      ...(active !== undefined && { activeDigest: active.digest }),
      ...(deployment !== undefined && { deployment }),
    };
  }

  recentTelemetry(id: string): readonly Telemetry[] {
    return [...(this.#samples.get(id) ?? [])];
  }

  subscribe(listener: (message: LiveMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watchers(): number {
    return this.#listeners.size;
  }

  addDevice(record: DeviceRecord): void {
    const known = this.#facts.get(record.id);
    this.#set(record.id, known ? { ...known, record } : createFacts(record, this.#deps.nowMs()));
  }

  setDeployment(deployment: DeploymentRecord): void {
    this.#change(deployment.deviceId, (facts) => withDeployment(facts, deployment));
  }

  setConfig(config: DeviceConfigRecord): void {
    this.#change(config.deviceId, (facts) => withDesiredConfig(facts, config));
  }

  setMetadata(deviceId: string, metadata: DeviceMetadata): void {
    this.#change(deviceId, (facts) => withMetadata(facts, metadata));
  }

  setPresence(deviceId: string, connected: boolean): void {
    this.#change(deviceId, (facts) => withPresence(facts, connected, this.#deps.nowMs()));
  }

  setPicture(deviceId: string, camera: string, atMs: number | undefined): void {
    this.#change(deviceId, (facts) => withCamera(facts, camera, { pictureAtMs: atMs }));
  }

  setEvidence(data: EvidenceView): void {
    this.#tell({ kind: 'evidence', data });
  }

  apply(report: LiveReport): void {
    this.#change(report.deviceId, (facts) => withReport(facts, report, this.#deps.nowMs()));
    if (report.kind === 'telemetry' && this.#facts.has(report.deviceId)) {
      this.#keepSample(report.deviceId, report.body);
    }
  }

  applyCommit({ fresh, moved }: Pick<CommitResult, 'fresh' | 'moved'>, receivedAtMs: number): void {
    for (const deployment of moved)
      this.#change(deployment.deviceId, (facts) => withProgress(facts, deployment));
    if (this.#listeners.size === 0) return;
    const events = fresh.flatMap((message) => toStoredEvent(message, receivedAtMs));
    for (const data of events.slice(-MAX_EVENTS_TOLD)) this.#tell({ kind: 'event', data });
  }

  #change(id: string, change: (facts: DeviceFacts) => DeviceFacts): void {
    const before = this.#facts.get(id);
    if (before === undefined) return;
    const after = change(before);
    if (after !== before) this.#set(id, after);
  }

  #set(id: string, facts: DeviceFacts): void {
    this.#facts.set(id, facts);
    if (this.#listeners.size === 0) return;
    this.#changed.add(id);
    this.#cancelTell ??= this.#deps.schedule(TELL_EVERY_MS, () => this.#tellChanges());
  }

  #tellChanges(): void {
    this.#cancelTell = undefined;
    const ids = [...this.#changed];
    this.#changed.clear();
    for (const id of ids) {
      const data = this.device(id);
      if (data !== undefined) this.#tell({ kind: 'device', data });
    }
  }

  #tell(message: LiveMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#deps.schedule(SWEEP_EVERY_MS, () => {
      const nowMs = this.#deps.nowMs();
      for (const [id, facts] of this.#facts) {
        const connection = connectionOf(facts, nowMs);
        if (this.#connections.get(id) !== connection) this.#set(id, facts);
        this.#connections.set(id, connection);
      }
      this.#sweepLater();
    });
  }

  #keepSample(id: string, sample: Telemetry): void {
    const samples = this.#samples.get(id) ?? [];
    const share = Math.floor(SAMPLE_BUDGET / this.#facts.size);
    const limit = Math.min(MAX_SAMPLES, Math.max(MIN_SAMPLES, share));
    samples.push(sample);
    samples.splice(0, samples.length - limit);
    this.#samples.set(id, samples);
  }
}

function toStoredEvent(message: DurableMessage, receivedAtMs: number): readonly StoredEvent[] {
  if (message.stream !== 'event') return [];
  const { epoch: _epoch, seq: _seq, firstSeq: _firstSeq, ...event } = message.body;
  // Whatever the box keeps of it comes later.
  const evidence = isEventId(event.id) ? { evidence: { pictures: [], canAsk: true } } : {};
  return [{ deviceId: message.deviceId, camera: message.camera, receivedAtMs, ...event, ...evidence }];
}
