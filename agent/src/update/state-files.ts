import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import { Sha256 } from '@watchpost/shared/kernel/ids.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import Type from 'typebox';
import type { OrderMark } from './order-mark.ts';
import type { ActiveRecord, DeploymentRecord } from './port.ts';

const closed = { additionalProperties: false } as const;

export const parseActiveRecord: (text: string) => ActiveRecord = createJsonParser(
  Type.Object({ digest: Sha256, deploymentId: Type.String(), previousDigest: Type.Optional(Sha256) }, closed),
  'active bundle',
);

export const parseDeploymentRecord: (text: string) => DeploymentRecord = createJsonParser(
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

export const parseOrderMark: (text: string) => OrderMark = createJsonParser(
  Type.Object(
    { counter: Type.Integer({ minimum: 1 }), deploymentId: Type.String(), nonce: Type.String() },
    closed,
  ),
  'newest order',
);

export async function saveRecord(path: string, record: object): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(record)}\n`);
}
