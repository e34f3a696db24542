import { sha256Hex } from '../../../shared/src/kernel/digest.ts';
import { eventMessage } from '../../support/fleet-data.ts';
import { DEVICE, DEVICE_AUTHORIZATION } from '../../support/http-world.ts';
import { makeJpeg } from '../../support/test-jpeg.ts';
import type { AttackPlan } from './attack.ts';
import { type HttpStage, isTurnedDown, type RawReply, sendRaw } from './http-stage.ts';

type Plan = AttackPlan<HttpStage>;

const JPEG = await makeJpeg();
const OTHER = await makeJpeg(10);
const PAGE = Buffer.from('<script>alert(1)</script>');
/** Begins and ends as a JPEG does. */
const DISGUISED = Buffer.concat([JPEG.subarray(0, 4), PAGE, JPEG.subarray(-2)]);

interface Put {
  readonly event: string;
  readonly body?: Uint8Array;
  readonly sha256?: string;
  readonly authorization?: string;
}

/** `sighting-1` is of this device, `sighting-2` of another one. */
async function put({ world, port }: HttpStage, { event, body = JPEG, ...more }: Put): Promise<RawReply> {
  const seen = [eventMessage(1, { deviceId: DEVICE }), eventMessage(2, { deviceId: 'victim' })];
  await world.store.reports.commit(seen, 1);
  const { sha256 = sha256Hex(body), authorization = DEVICE_AUTHORIZATION } = more;
  return sendRaw({
    port,
    method: 'PUT',
    path: `/api/v1/device/events/${event}/evidence/1?offsetMs=0&sha256=${sha256}`,
    headers: { 'content-type': 'image/jpeg', authorization },
    body,
  });
}

const isTaken = async (stage: HttpStage): Promise<boolean> =>
  (await put(stage, { event: 'sighting-1' })).status === 204;
const refused = (name: string, attack: Put): Plan => ({
  name: `pictures of sightings: ${name}`,
  isRefused: async (stage) => isTurnedDown(await put(stage, attack)),
  isTaken,
});

export const EVIDENCE_PLANS: readonly Plan[] = [
  refused('one of another box', { event: 'sighting-2' }),
  refused('one nobody reported', { event: 'sighting-3' }),
  refused('a path instead of a sighting', { event: '..%2f..%2fkeys' }),
  refused('a page instead of a picture', { event: 'sighting-1', body: PAGE }),
  refused('a page between the ends of a picture', { event: 'sighting-1', body: DISGUISED }),
  refused('other bytes than were announced', { event: 'sighting-1', sha256: sha256Hex(OTHER) }),
  refused('without a key', { event: 'sighting-1', authorization: '' }),
  {
    name: 'pictures of sightings: another one in the place of one that was sent',
    isRefused: async (stage) =>
      (await isTaken(stage)) && isTurnedDown(await put(stage, { event: 'sighting-1', body: OTHER })),
    isTaken,
  },
];
