import { sha256Hex } from '@watchpost/shared/kernel/digest.ts';
import type { CameraCondition } from '@watchpost/shared/messages/camera.ts';
import type { Camera } from '../capture/port.ts';
import { agentError } from '../kernel/errors.ts';
import { findCamera } from './find-camera.ts';
import type { RunCommand, SendEvidence } from './port.ts';

export interface SnapshotDeps {
  readonly cameras: () => readonly Camera[];
  /** Whether pictures may leave this box, as it is set now. */
  readonly mayShow: () => Promise<boolean>;
  readonly send: SendEvidence;
}

/** What such a camera showed last is not what is before it now. */
const BLIND: readonly CameraCondition[] = ['offline', 'stalled', 'disabled'];

/** A camera that has just come online shows its first picture within a moment. */
const PICTURE_LIMIT_MS = 10_000;

export function createSnapshot({ cameras, mayShow, send }: SnapshotDeps): RunCommand<'snapshot'> {
  return async ({ camera: id }, context) => {
    if (!(await mayShow()))
      throw agentError(
        'COMMAND_UNAVAILABLE',
        'no picture leaves this box now: pictures.enabled is off, or its start was cautious',
      );
    const camera = findCamera(cameras(), id);
    const { condition, code, detail = '', quality01 } = camera.health();
    if (BLIND.includes(condition))
      throw agentError(code ?? 'CAMERA_UNREACHABLE', `camera ${id} is ${condition} ${detail}`.trim());
    const limit = AbortSignal.timeout(PICTURE_LIMIT_MS);
    const picture = await camera.waitForPicture(AbortSignal.any([context.signal, limit]));
    if (picture === undefined) throw agentError('CAMERA_TIMEOUT', `camera ${id} has shown no picture yet`);
    await send(context.id, { contentType: 'image/jpeg', bytes: picture }, context.signal);
    const { length: sizeBytes } = picture;
    return { result: { camera: id, condition, quality01, sizeBytes, sha256: sha256Hex(picture) } };
  };
}
