import { type EnrolRequest, renewalChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { type Box, csrOf, enrolRequest, makeBox, signBy } from '../../support/certified-box.ts';
import { jsonPost } from '../../support/tls-fleet.ts';
import type { AttackPlan } from './attack.ts';
import type { DeviceWorld } from './device-world.ts';

type Plan = AttackPlan<DeviceWorld>;

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly fingerprint?: string;
  readonly nonce?: string;
}

async function answerOf(sent: Promise<Response>): Promise<Answer> {
  const reply = await sent;
  return { ...((await reply.json()) as object), status: reply.status };
}

/** @throws Error for another refusal than the one that is expected */
function isAnsweredWith({ status, code }: Answer, expected: string): boolean {
  if (status < 300) return false;
  if (code === expected) return true;
  throw new Error(`HTTP ${status} ${code}, not ${expected}`);
}

const send = ({ fleet }: DeviceWorld, path: string, body: object): Promise<Answer> =>
  answerOf(fleet.fetchAs()(`${fleet.url}/api/v1/${path}`, jsonPost(body)));

/** A box without a token. */
async function apply(world: DeviceWorld, box: Box): Promise<Answer> {
  const { token: _none, ...request }: EnrolRequest = await enrolRequest(box, '');
  return send(world, 'enrol', request);
}

const accept = ({ fleet }: DeviceWorld, { id }: Box, fingerprint = ''): Promise<Answer> =>
  answerOf(fleet.call('POST', `devices/${id}/accept`, { fingerprint }));

let boxes = 0;
const newBox = (): Box => makeBox(`box-applies-${++boxes}`);

const isLetIn = async (world: DeviceWorld): Promise<boolean> => {
  const box = newBox();
  const { fingerprint } = await apply(world, box);
  await accept(world, box, fingerprint);
  return (await apply(world, box)).status === 200;
};

const APPLICATIONS: readonly Plan[] = [
  {
    name: 'a stranger without a token helps itself to a certificate',
    isRefused: async (world) => {
      const box = newBox();
      const answers = [await apply(world, box), await apply(world, box)];
      return answers.every((answer) => answer.status === 202 && !('certificate' in answer));
    },
    isTaken: isLetIn,
  },
  {
    name: 'a stranger takes the id under which another box waits',
    isRefused: async (world) => {
      const box = newBox();
      await apply(world, box);
      return isAnsweredWith(await apply(world, makeBox(box.id)), 'DEVICE_REFUSED');
    },
    isTaken: isLetIn,
  },
  {
    name: 'a person is led to accept another key than the one on the box',
    isRefused: async (world) => {
      const [box, other] = [newBox(), newBox()];
      await apply(world, box);
      const { fingerprint } = await apply(world, other);
      return isAnsweredWith(await accept(world, box, fingerprint), 'FINGERPRINT_MISMATCH');
    },
    isTaken: isLetIn,
  },
  {
    name: 'a stranger without a token takes over a box that is enrolled',
    isRefused: async (world) =>
      isAnsweredWith(await apply(world, makeBox(world.victim.box.id)), 'DEVICE_REFUSED'),
    isTaken: isLetIn,
  },
];

interface Renewing {
  readonly box: Box;
  readonly nonce: string;
  readonly signer?: Box;
}

async function renew(world: DeviceWorld, { box, nonce, signer = box }: Renewing): Promise<Answer> {
  const { id: deviceId } = box;
  const proof = signBy(signer, renewalChallenge({ deviceId, nonce }));
  return send(world, 'device/certificate', { deviceId, csr: await csrOf(box), nonce, proof });
}

const nonceFor = async (world: DeviceWorld, { id }: Box): Promise<string> =>
  (await send(world, 'device/certificate/nonce', { deviceId: id })).nonce ?? '';

const renewal = (name: string, code: string, attack: (world: DeviceWorld) => Promise<Answer>): Plan => ({
  name: `renewal: ${name}`,
  isRefused: async (world) => isAnsweredWith(await attack(world), code),
  isTaken: async (world) => {
    const { box } = world.thief;
    return (await renew(world, { box, nonce: await nonceFor(world, box) })).status === 200;
  },
});

const RENEWALS: readonly Plan[] = [
  renewal('the one heard on the line is sent again', 'NONCE_INVALID', async (world) => {
    const { box } = world.victim;
    const nonce = await nonceFor(world, box);
    await renew(world, { box, nonce });
    return renew(world, { box, nonce });
  }),
  renewal('a nonce made for another box', 'NONCE_INVALID', async (world) => {
    const nonce = await nonceFor(world, world.thief.box);
    return renew(world, { box: world.victim.box, nonce });
  }),
  renewal('a nonce nobody gave out', 'NONCE_INVALID', (world) =>
    renew(world, { box: world.victim.box, nonce: `${Date.now() + 1e6}.c2FsdA.c2VhbA` }),
  ),
  renewal('the proof is by the key of another box', 'PROOF_INVALID', async (world) => {
    const { box } = world.victim;
    return renew(world, { box, nonce: await nonceFor(world, box), signer: world.thief.box });
  }),
  renewal('another key gets the certificate of a box', 'DEVICE_REFUSED', async (world) => {
    const box = makeBox(world.victim.box.id);
    return renew(world, { box, nonce: await nonceFor(world, box) });
  }),
  renewal('a revoked box gets a new certificate', 'KEY_REVOKED', async (world) => {
    const { box } = await world.admit('box-renews-revoked');
    await world.fleet.call('POST', `devices/${box.id}/revoke`, {});
    return renew(world, { box, nonce: await nonceFor(world, box) });
  }),
];

export const ADMISSION_PLANS: readonly Plan[] = [...APPLICATIONS, ...RENEWALS];
