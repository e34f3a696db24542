import { randomUUID } from 'node:crypto';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { AuditLog } from '../audit/port.ts';
import type { FleetPresence, FleetProjection } from '../devices/port.ts';
import { createStoredGateKeeper } from '../gates/stored-gate-keeper.ts';
import type { ModelVersions } from '../registry/port.ts';
import { createCronerWindow } from '../rollouts/croner-window.ts';
import type { Director, Rollouts } from '../rollouts/port.ts';
import { createRolloutEngine, type RolloutEngine } from '../rollouts/rollout-engine.ts';
import { createRollouts } from '../rollouts/rollouts.ts';
import type { Store } from '../store/port.ts';
import type { Targeting } from '../targeting/port.ts';

export interface FleetRolloutsDeps {
  readonly store: Store;
  readonly view: FleetPresence & FleetProjection;
  readonly director: Director;
  readonly targeting: Targeting;
  readonly versions: Pick<ModelVersions, 'asOf'>;
  readonly audit: AuditLog;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** What people ask of rollouts, and what performs them. */
export interface FleetRollouts {
  readonly desk: Rollouts;
  readonly engine: RolloutEngine;
}

export function createFleetRollouts(deps: FleetRolloutsDeps): FleetRollouts {
  const { store, view, director, targeting, versions, audit, nowMs, log } = deps;
  const windows = createCronerWindow();
  const engine = createRolloutEngine({
    ...{ store, director, targeting, windows, nowMs },
    presence: view,
    projection: view,
    gates: createStoredGateKeeper({ windows: store.deviceWindows, deployments: store.deployments }),
    ranBefore: async (deviceId) => (await versions.asOf(deviceId, nowMs())).running?.version.digest,
    monotonicMs: () => performance.now(),
    owner: randomUUID(),
    log: log.child({ component: 'rollouts' }),
  });
  const desk = createRollouts({
    ...{ engine, targeting, windows, audit, nowMs },
    store: store.rollouts,
    bundles: store.bundles,
    newId: randomUUID,
  });
  return { desk, engine };
}

/** What devices say reaches the view first, and then who leads rollouts. */
export function tellRollouts(
  view: FleetProjection,
  engine: RolloutEngine,
): Pick<FleetProjection, 'apply' | 'applyCommit' | 'setPresence'> {
  return {
    apply: (report) => {
      view.apply(report);
      // A birth says what the agent carries out.
      if (report.kind === 'status' || report.kind === 'birth') engine.notePresence(report.deviceId);
    },
    applyCommit: (result, receivedAtMs) => {
      view.applyCommit(result, receivedAtMs);
      engine.applyCommit(result);
    },
    setPresence: (deviceId, connected) => {
      view.setPresence(deviceId, connected);
      engine.notePresence(deviceId);
    },
  };
}
