import { join } from 'node:path';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { AuditLog } from '../audit/port.ts';
import type { ServerConfig } from '../config/schema.ts';
import type { FleetProjection } from '../devices/port.ts';
import { createDiskEvidenceFiles } from '../evidence/disk-evidence-files.ts';
import { createEvidenceDesk, type EvidenceDesk } from '../evidence/evidence-desk.ts';
import type { Store } from '../store/port.ts';

export interface FleetEvidenceDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly view: Pick<FleetProjection, 'setEvidence'>;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
}

const DAY_MS = 86_400_000;

export function createFleetEvidence(deps: FleetEvidenceDeps): EvidenceDesk {
  const { config, store, view, audit, log, nowMs, schedule } = deps;
  return createEvidenceDesk({
    store: store.evidence,
    files: createDiskEvidenceFiles(join(config.dataDir, 'evidence')),
    tell: (evidence) => view.setEvidence(evidence),
    maxBytes: config.evidenceMaxBytes,
    maxAgeMs: config.evidenceMaxAgeDays * DAY_MS,
    ...{ audit, nowMs, schedule },
    log: log.child({ component: 'evidence' }),
  });
}
