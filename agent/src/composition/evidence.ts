import type { EvidenceSettings } from '@watchpost/shared/config/settings.ts';
import { type Component, startAll } from '@watchpost/shared/kernel/component.ts';
import { createEvidenceCommand } from '../commands/evidence-command.ts';
import type { CommandTable } from '../commands/port.ts';
import type { OnDecision } from '../decision/port.ts';
import { createEvidenceKeeper, type EvidenceKeeper } from '../evidence/evidence-keeper.ts';
import { createEvidenceSender } from '../evidence/evidence-sender.ts';
import { createHttpPutEvidence } from '../evidence/http-put-evidence.ts';
import type { SendKept } from '../evidence/port.ts';
import { createSendKept } from '../evidence/send-kept.ts';
import { createRenewable, type Renewable } from '../kernel/renewable.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { type Box, random01 } from './box.ts';

/** Keeps the pictures of sightings, and sends them where it is set so. */
export interface BoxEvidence extends Renewable<EvidenceSettings> {
  readonly onDecision: OnDecision;
  /** The oldest pictures give way to what needs the disk more. */
  readonly freeRoom: EvidenceKeeper['freeRoom'];
}

export function createBoxEvidence(box: Box): BoxEvidence {
  let keeper: EvidenceKeeper | undefined;
  const renewable = createRenewable('evidence', box.config.evidence, (settings) => {
    const parts = createParts(box, settings);
    keeper = parts.keeper;
    return bundle([...(parts.sender === undefined ? [] : [parts.sender]), parts.keeper]);
  });
  return {
    ...renewable,
    onDecision: (decision) => keeper?.onDecision(decision),
    freeRoom: async (bytes) => keeper?.freeRoom(bytes),
  };
}

function createParts(box: Box, settings: EvidenceSettings) {
  const { evidence: store, cameras, guard, clockTrust } = box;
  const log = box.log.child({ component: 'evidence' });
  const mayLeave = settings.enabled && settings.send === 'always' && guard.verdict === 'normal';
  const sender = mayLeave ? createEvidenceSender({ store, send: createSend(box), random01, log }) : undefined;
  const keeper = createEvidenceKeeper({
    store,
    cameras: () => cameras.list(),
    settings,
    clock: systemClock,
    isClockTrusted: clockTrust.isTrusted,
    onDue: () => sender?.wake(),
    log,
  });
  return { keeper, sender };
}

/** Started in their order, stopped in reverse, as one. */
function bundle(parts: readonly Component[]): Component {
  let stop = async (): Promise<void> => undefined;
  return {
    name: 'evidence',
    start: async (signal) => {
      stop = await startAll(parts, signal);
    },
    stop: () => stop(),
  };
}

export function createBoxEvidenceCommand(
  box: Box,
  settings: () => Promise<EvidenceSettings>,
): CommandTable['evidence'] {
  const { evidence: store, guard } = box;
  return createEvidenceCommand({
    store,
    send: createSend(box),
    settings,
    mayLeave: () => guard.verdict === 'normal',
  });
}

const createSend = ({ evidence: store, config, identity, fetch }: Box): SendKept =>
  createSendKept({ store, put: createHttpPutEvidence({ serverUrl: config.server.url, identity, fetch }) });
