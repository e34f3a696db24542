import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEvidenceKeeper, type EvidenceKeeper } from '../../agent/src/evidence/evidence-keeper.ts';
import { createFileEvidenceStore } from '../../agent/src/evidence/file-evidence-store.ts';
import type { EvidenceStore } from '../../agent/src/evidence/port.ts';
import type { EvidenceSettings } from '../../shared/src/config/settings.ts';
import type { Logger } from '../../shared/src/kernel/log.ts';
import { until } from './until.ts';

export const EVIDENCE_SETTINGS: EvidenceSettings = {
  ...{ enabled: true, preRollSec: 3, maxBytes: 1024 * 1024, maxAgeDays: 7, send: 'asked' },
};

export interface LogLine {
  readonly message: string;
  readonly facts: object;
}

/** The evidence of a box with one camera, `gate`, whose ring is the test's. */
export interface KeptEvidence {
  readonly store: EvidenceStore;
  readonly keeper: EvidenceKeeper;
  readonly ring: { readonly jpeg: Uint8Array; readonly capturedAtMs: number }[];
  readonly clock: { wallMs: number; isTrusted: boolean };
  readonly warnings: readonly LogLine[];
  /** How often there was something to send. */
  due(): number;
  /** A new sighting, decided on a frame of this very moment. */
  decide(eventId: string, type?: 'new' | 'update' | 'end'): void;
  /** Waits until a sighting has so many pictures. */
  hasKept(event: string, pictures: number): Promise<void>;
  /** Ids of the sightings whose folders are there. */
  folders(): Promise<readonly string[]>;
}

export function openKeptEvidence(options: {
  readonly dataDir: string;
  readonly settings?: Partial<EvidenceSettings>;
  readonly store?: (real: EvidenceStore) => EvidenceStore;
}): KeptEvidence {
  const { dataDir, settings } = options;
  const clock = { wallMs: Date.now(), isTrusted: true };
  const real = createFileEvidenceStore({ dataDir, clock: { wallMs: () => clock.wallMs } });
  const store = options.store?.(real) ?? real;
  const ring: { jpeg: Uint8Array; capturedAtMs: number }[] = [];
  const warnings: LogLine[] = [];
  let due = 0;
  const keeper = createEvidenceKeeper({
    store,
    cameras: () => [{ id: 'gate', recentPictures: () => [...ring] }],
    settings: { ...EVIDENCE_SETTINGS, ...settings },
    clock: { wallMs: () => clock.wallMs, monotonicMs: () => performance.now() },
    isClockTrusted: () => clock.isTrusted,
    onDue: () => {
      due += 1;
    },
    log: recordWarnings(warnings),
  });
  return {
    ...{ store, keeper, ring, clock, warnings },
    due: () => due,
    decide: (eventId, type = 'new') =>
      keeper.onDecision({ cameraId: 'gate', eventId, type, frameAtMs: performance.now() }),
    hasKept: (event, pictures) =>
      until(
        `${event} has ${pictures} pictures`,
        async () => (await store.find(event))?.pictures.length === pictures,
      ),
    folders: async () => {
      const found = await readdir(join(dataDir, 'evidence'), { recursive: true }).catch(() => []);
      return found.flatMap((path) => /^\d{4}-\d\d-\d\d\/([^/]+)$/.exec(path)?.[1] ?? []).sort();
    },
  };
}

function recordWarnings(warnings: LogLine[]): Logger {
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (facts, message) => void warnings.push({ facts, message }),
    error: (facts, message) => void warnings.push({ facts, message }),
    child: () => log,
  };
  return log;
}
