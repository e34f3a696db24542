import { PictureReply } from '@watchpost/shared/api/fleet.ts';
import { Id } from '@watchpost/shared/kernel/ids.ts';
import Type from 'typebox';
import { serverError } from '../../kernel/errors.ts';
import { deviceOf } from '../guards.ts';
import { requireKnownDevice } from '../known-device.ts';
import { FOR_DEVICES, FOR_USERS } from '../openapi.ts';
import { Bytes, CameraParams, errorReplies, type Routes, takeBytes } from '../route.ts';

const MAX_PICTURE_BYTES = 1024 * 1024;
const NEXT_WATCHED_SEC = 1;
const NEXT_UNWATCHED_SEC = 60;

/** Latest pictures: boxes put them, the web page shows them. */
export const pictureRoutes: Routes = (app, { fleet, guards, nowMs }) => {
  const tags = ['pictures'];
  takeBytes(app, ['image/jpeg']);

  app.put(
    '/device/cameras/:camera/picture',
    {
      onRequest: guards.requireDevice,
      bodyLimit: MAX_PICTURE_BYTES,
      schema: {
        summary: 'Put the latest picture of a camera of the device that asks',
        description: `A JPEG of up to ${MAX_PICTURE_BYTES} bytes as body. The reply says when the next one is wanted.`,
        tags,
        security: FOR_DEVICES,
        consumes: ['image/jpeg'],
        params: Type.Object({ camera: Id }),
        response: { 200: PictureReply, ...errorReplies },
      },
    },
    (request): PictureReply => {
      const device = requireKnownDevice(fleet.view, deviceOf(request));
      const { camera } = request.params;
      const jpeg = parseJpeg(request.body);
      // Its birth is still on its way, by MQTT.
      if (device.birth === undefined) return { nextInSec: NEXT_WATCHED_SEC };
      // Keeps what a box can fill the memory with to its cameras.
      if (!device.cameras.some((known) => known.id === camera))
        throw serverError('NOT_FOUND', `device ${device.id} has no camera "${camera}"`);
      fleet.pictures.put(device.id, camera, jpeg, nowMs());
      return { nextInSec: fleet.view.watchers() > 0 ? NEXT_WATCHED_SEC : NEXT_UNWATCHED_SEC };
    },
  );

  app.get(
    '/devices/:id/cameras/:camera/picture',
    {
      onRequest: guards.requireRole('viewer'),
      schema: {
        summary: 'The latest picture of a camera',
        tags,
        security: FOR_USERS,
        produces: ['image/jpeg'],
        params: CameraParams,
        response: { 200: Bytes, ...errorReplies },
      },
    },
    async (request, reply) => {
      const { id, camera } = request.params;
      const picture = fleet.pictures.get(id, camera);
      if (picture === undefined)
        throw serverError('NOT_FOUND', `there is no picture of camera "${camera}" of device "${id}"`);
      return reply.type('image/jpeg').header('cache-control', 'no-store').send(picture.jpeg);
    },
  );
};

/** @throws AppError REQUEST_INVALID for what does not begin like a JPEG */
function parseJpeg(body: unknown): Uint8Array {
  const isJpeg = body instanceof Uint8Array && body[0] === 0xff && body[1] === 0xd8 && body[2] === 0xff;
  if (!isJpeg) throw serverError('REQUEST_INVALID', 'body: not a JPEG picture');
  return body;
}
