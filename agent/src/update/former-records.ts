import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import Type from 'typebox';
import { END_PHASES, OPEN_PHASES, type Phase } from './phases.ts';
import type { DeploymentRecord } from './port.ts';
import type { Slots } from './slots.ts';

const closed = { additionalProperties: false } as const;

/** `active.json` of agents before 0.2. */
const parseActive = createJsonParser(
  Type.Object({ digest: Sha256, deploymentId: Type.String(), previousDigest: Type.Optional(Sha256) }, closed),
  'active bundle',
);

export function parseFormerSlots(text: string): Slots {
  const { digest, deploymentId, previousDigest } = parseActive(text);
  const previous = previousDigest === undefined ? {} : { previous: { digest: previousDigest, deploymentId } };
  return { champion: { digest, deploymentId }, ...previous };
}

/** `deployment.json` of agents before 0.2: it had states instead of phases. */
const parseFormer = createJsonParser(
  Type.Object(
    {
      deploymentId: Type.String(),
      digest: Sha256,
      state: DeploymentState,
      trials: Type.Integer({ minimum: 0 }),
    },
    closed,
  ),
  'deployment',
);

export function parseFormerDeployment(text: string): DeploymentRecord {
  const { state, ...former } = parseFormer(text);
  return { ...former, phase: phaseOf(state), transitions: 0 };
}

/** What was being tested is tested again, with all there is to it now. */
function phaseOf(state: DeploymentState): Phase {
  const phases: readonly Phase[] = [...OPEN_PHASES, ...END_PHASES];
  return phases.find((phase) => phase === state) ?? (state === 'testing' ? 'self_testing' : 'queued');
}
