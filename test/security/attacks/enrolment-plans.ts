import { type EnrolRequest, enrolmentChallenge } from '@watchpost/shared/messages/enrolment.ts';
import { csrOf, enrolRequest, makeBox, signBy } from '../../support/certified-box.ts';
import { jsonPost } from '../../support/tls-fleet.ts';
import type { AttackPlan } from './attack.ts';
import type { DeviceWorld } from './device-world.ts';

type Plan = AttackPlan<DeviceWorld>;

const makeToken = async ({ fleet }: DeviceWorld): Promise<string> => {
  const reply = await fleet.call('POST', 'enrolment-tokens', {});
  return ((await reply.json()) as { readonly token: string }).token;
};

/** @returns the code of the refusal; undefined for a welcome */
async function ask({ fleet }: DeviceWorld, request: EnrolRequest): Promise<string | undefined> {
  const reply = await fleet.fetchAs()(`${fleet.url}/api/v1/enrol`, jsonPost(request));
  if (reply.status === 200) return undefined;
  return ((await reply.json()) as { readonly code?: string }).code ?? `HTTP ${reply.status}`;
}

const plan = (
  name: string,
  codes: readonly string[],
  attack: (world: DeviceWorld) => Promise<EnrolRequest>,
): Plan => ({
  name,
  isRefused: async (world) => {
    const code = await ask(world, await attack(world));
    if (code === undefined || codes.includes(code)) return code !== undefined;
    throw new Error(`refused with ${code}, not with ${codes.join(' or ')}`);
  },
  isTaken: async (world) => {
    const request = await enrolRequest(makeBox(`box-honest-${++honest}`), await makeToken(world));
    return (await ask(world, request)) === undefined;
  },
});
let honest = 0;

export const ENROLMENT_PLANS: readonly Plan[] = [
  plan('a token is used a second time, for another box', ['TOKEN_USED'], async (world) => {
    const token = await makeToken(world);
    await ask(world, await enrolRequest(makeBox('box-first'), token));
    return enrolRequest(makeBox('box-second'), token);
  }),
  plan('a used token takes over its box with another key', ['TOKEN_USED'], async (world) => {
    const token = await makeToken(world);
    await ask(world, await enrolRequest(makeBox('box-taken'), token));
    return enrolRequest(makeBox('box-taken'), token);
  }),
  plan(
    'a certificate is asked for in the name of another box',
    ['CSR_INVALID', 'PROOF_INVALID'],
    async (world) => {
      const box = makeBox('box-other');
      const request = await enrolRequest(box, await makeToken(world));
      return { ...request, csr: await csrOf(box, 'box-victim') };
    },
  ),
  plan('the proof of the key is by another key', ['PROOF_INVALID'], async (world) => {
    const request = await enrolRequest(makeBox('box-proof'), await makeToken(world));
    return { ...request, proof: signBy(makeBox('box-proof'), enrolmentChallenge(request)) };
  }),
  plan(
    'an enrolment heard on the line is sent on for another id',
    ['PROOF_INVALID', 'CSR_INVALID'],
    async (world) => {
      const request = await enrolRequest(makeBox('box-heard'), await makeToken(world));
      return { ...request, deviceId: 'box-victim' };
    },
  ),
  plan('a revoked key enrols again with a new token', ['KEY_REVOKED'], async (world) => {
    const { box } = await world.admit('box-revoked-key');
    await world.fleet.call('POST', `devices/${box.id}/revoke`, {});
    return enrolRequest(box, await makeToken(world));
  }),
];
