import type { DeploymentFindings } from '@watchpost/shared/messages/deployment-findings.ts';
import type { DeploymentStore, DeviceWindowStore } from '../store/port.ts';
import { judgeGates } from './judge-gates.ts';
import type { DeviceEvidence, ExecutedDevice, GateEvidence, GateKeeper, GateQuestion } from './port.ts';
import { chooseEvenly, planReading } from './reading-plan.ts';

export interface GateKeeperDeps {
  readonly windows: DeviceWindowStore;
  readonly deployments: Pick<DeploymentStore, 'page'>;
  /** Devices whose windows are read. */
  readonly maxDevices?: { readonly executed: number; readonly control: number };
}

/** Enough for any test to decide; a group of thousands is judged by devices spread evenly over it. */
const MAX_DEVICES = { executed: 200, control: 400 };
/** A device may have been ordered something else since. */
const DEPLOYMENTS_READ = 10;

export function createStoredGateKeeper(deps: GateKeeperDeps): GateKeeper {
  return {
    judge: async (question, nowMs) => {
      if (question.gates.length === 0) return [];
      return judgeGates(question.gates, await readEvidence(deps, question, nowMs));
    },
  };
}

async function readEvidence(
  deps: GateKeeperDeps,
  question: GateQuestion,
  nowMs: number,
): Promise<GateEvidence> {
  const { maxDevices = MAX_DEVICES } = deps;
  const { sinceMs, bucketMs } = planReading(question, nowMs);
  const readWindows = (deviceId: string) => deps.windows.list({ deviceId, sinceMs, bucketMs });
  const needsFindings = question.gates.some(({ gate }) => gate === 'probation' || gate === 'disagreement');
  const executed: ExecutedDevice[] = [];
  // One after the other: the store works in this process, and others wait for it too.
  for (const { deviceId, deploymentId, ...facts } of chooseEvenly(question.executed, maxDevices.executed)) {
    const windows = await readWindows(deviceId);
    const findings = needsFindings ? await readFindings(deps, deviceId, deploymentId) : [];
    executed.push({ deviceId, ...facts, windows, findings });
  }
  const control: DeviceEvidence[] = [];
  for (const deviceId of chooseEvenly(question.control, maxDevices.control)) {
    control.push({ deviceId, windows: await readWindows(deviceId) });
  }
  const { bundleDigest, soakingSinceMs, soakSeconds } = question;
  return {
    nowMs,
    bundleDigest,
    soakEndsAtMs: soakingSinceMs + soakSeconds * 1000,
    bucketMs,
    executed,
    control,
  };
}

async function readFindings(
  { deployments }: GateKeeperDeps,
  deviceId: string,
  deploymentId: string,
): Promise<readonly DeploymentFindings[]> {
  const page = await deployments.page({ deviceId, limit: DEPLOYMENTS_READ });
  const own = page.deployments.find(({ id }) => id === deploymentId);
  return own?.changes.flatMap(({ findings }) => findings ?? []) ?? [];
}
