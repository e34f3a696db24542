import {
  type CameraView,
  DeviceView,
  EventPage,
  type StoredEvent,
  TelemetryHistory,
} from '@watchpost/shared/api/fleet.ts';
import { createParser } from '@watchpost/shared/kernel/parse.ts';
import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

/** Builders of what the API shows, checked by its schemas. */
const parseDevice = createParser(DeviceView, 'device view');
const parseEvents = createParser(EventPage, 'event page');
const parseTelemetry = createParser(TelemetryHistory, 'telemetry');

const BUNDLE = { model: 'petpark', version: '1.2.0', digest: '3f'.repeat(32), variant: 'int8-u8s8' };

export function deviceView(id: string, change: Partial<DeviceView> = {}): DeviceView {
  const nowMs = Date.now();
  return parseDevice({
    id,
    fleet: 'park',
    state: 'accepted',
    connection: 'ready',
    lastSeenMs: nowMs,
    enrolledAtMs: nowMs - 3 * 86_400_000,
    fingerprint: '7c'.repeat(32),
    birth: {
      agentVersion: '0.1.0',
      startedAtMs: nowMs - 7_400_000,
      hardware: {
        board: 'Raspberry Pi 5 Model B Rev 1.0',
        cpu: 'Cortex-A76',
        cores: 4,
        memoryBytes: 8_200_000_000,
        os: 'Debian GNU/Linux 12',
        arch: 'arm64',
        gpu: [],
      },
      executionProviders: ['cpu'],
      cameras: [{ id: 'gate', name: 'Main gate', kind: 'rtsp' }],
      activeBundle: BUNDLE,
      epoch: '0123456789abcdef',
      lastSeq: { event: 12 },
    },
    activeBundle: BUNDLE,
    telemetry: telemetrySample(nowMs),
    cameras: [cameraView('gate')],
    ...change,
  });
}

export function cameraView(id: string, change: Partial<CameraView> = {}): CameraView {
  const nowMs = Date.now();
  return {
    id,
    name: `Camera ${id}`,
    status: { tsMs: nowMs - 60_000, condition: 'online', quality01: 1 },
    stats: {
      tsMs: nowMs,
      windowSec: 10,
      capturedFps: 25,
      processedFps: 5,
      skippedFps: 20,
      processedTotal: 37_000,
      inferMs: { p50: 14.2, p95: 19.8, p99: 27 },
      endToEndMs: { p50: 61, p95: 84, p99: 120 },
      reconnects: 1,
    },
    state: {
      tsMs: nowMs,
      label: 'cat',
      sinceMs: nowMs - 83_000,
      score: 0.97,
      model: 'petpark@1.2.0',
      digest: BUNDLE.digest,
    },
    pictureAtMs: nowMs,
    ...change,
  };
}

export function telemetrySample(tsMs: number, change: Partial<Telemetry> = {}): Telemetry {
  const wave = Math.sin(tsMs / 40_000);
  return {
    tsMs,
    windowSec: 0,
    uptimeSec: 90_000,
    cpu: { load01: 0.42 + 0.12 * wave, loadAvg1: 1.7 },
    gpu: [],
    temperatures: [{ zone: 'cpu-thermal', celsius: 61 + 6 * wave }],
    memory: { totalBytes: 8_200_000_000, availableBytes: 5_600_000_000, agentRssBytes: 212_000_000 },
    disk: { totalBytes: 64_000_000_000, freeBytes: 41_000_000_000 },
    network: {
      rxBytesPerSec: Math.round(410_000 + 90_000 * wave),
      txBytesPerSec: Math.round(38_000 - 9_000 * wave),
    },
    throttled: false,
    clock: { synced: true, offsetMs: 1.4 },
    outbox: { rows: 0, bytes: 0, oldestSec: 0, dropped: 0 },
    ...change,
  };
}

/** Ten minutes of samples up to now, one each five seconds. */
export function telemetryHistory(): readonly Telemetry[] {
  const nowMs = Date.now();
  const samples = Array.from({ length: 120 }, (_, index) => telemetrySample(nowMs - (120 - index) * 5000));
  return parseTelemetry({ samples }).samples;
}

export function storedEvent(id: string, change: Partial<StoredEvent> = {}): StoredEvent {
  const tsMs = change.tsMs ?? Date.now();
  const event = {
    deviceId: 'box-1',
    camera: 'gate',
    receivedAtMs: tsMs + 300,
    historical: false,
    id,
    type: 'new',
    label: 'cat',
    score: 0.94,
    tsMs,
    votes: { label: 5, window: 5 },
    thresholds: { enter: 0.7, exit: 0.4 },
    bundleDigest: BUNDLE.digest,
    ...change,
  };
  const [parsed] = parseEvents({ events: [event] }).events;
  if (!parsed) throw new Error('a page of one event has one event');
  return parsed;
}
