import type { TlsCredentials } from '../../../agent/src/identity/port.ts';
import { authorityIn, keyOf, makeAuthority, makeBox, pemOf } from '../../support/certified-box.ts';
import { closed } from '../../support/mqtt-device.ts';
import { ADMISSION_PLANS } from './admission-plans.ts';
import { type AttackPlan, createFamily, isDone } from './attack.ts';
import { type DeviceWorld, isKnown, mayConnect, openDeviceWorld } from './device-world.ts';
import { ENROLMENT_PLANS } from './enrolment-plans.ts';

type Plan = AttackPlan<DeviceWorld>;
const DAY_MS = 24 * 3_600_000;
const VICTIM = 'box-victim';

/** Shows something that is not the certificate of the victim, to the web server and to the broker. */
const impostor = (
  name: string,
  forge: (world: DeviceWorld) => Promise<Partial<TlsCredentials> & { readonly ca: string }>,
): Plan => ({
  name,
  isRefused: async (world) => {
    const shown = await forge(world);
    const whole = 'key' in shown && 'cert' in shown ? (shown as TlsCredentials) : undefined;
    return !(await isKnown(world, whole)) && !(await mayConnect(world, VICTIM, shown));
  },
  isTaken: isVictimIn,
});

async function isVictimIn(world: DeviceWorld): Promise<boolean> {
  const { credentials } = world.victim;
  return (await isKnown(world, credentials)) && (await mayConnect(world, VICTIM, credentials));
}

const IMPOSTORS: readonly Plan[] = [
  impostor('no certificate, only the secret of the box', async ({ fleet }) => ({ ca: fleet.ca })),
  impostor('a certificate of a foreign authority', async ({ fleet, victim }) => {
    const { certificatePem: cert } = await (await makeAuthority()).issueDevice(VICTIM, pemOf(victim.box));
    return { key: keyOf(victim.box), cert, ca: fleet.ca };
  }),
  impostor('the certificate of the server itself', async ({ fleet }) => {
    const { key, cert } = await (await authorityIn(fleet.dataDir)).issueServer([VICTIM]);
    return { key, cert, ca: fleet.ca };
  }),
  impostor('an expired certificate', async ({ fleet, victim }) => {
    const past = await authorityIn(fleet.dataDir, () => Date.now() - 40 * DAY_MS);
    const { certificatePem: cert } = await past.issueDevice(VICTIM, pemOf(victim.box));
    return { key: keyOf(victim.box), cert, ca: fleet.ca };
  }),
  impostor('a certificate of a stolen authority for a key nobody enrolled', async ({ fleet }) => {
    const box = makeBox(VICTIM);
    const { certificatePem: cert } = await (await authorityIn(fleet.dataDir)).issueDevice(VICTIM, pemOf(box));
    return { key: keyOf(box), cert, ca: fleet.ca };
  }),
];

const serverOfAnother: Plan = {
  name: 'a server of a foreign authority tells the box it is the fleet',
  isRefused: async ({ fleet, victim }) => {
    const shown = { ...victim.credentials, ca: (await makeAuthority()).caPem };
    const reply = await fleet
      .fetchAs(shown)(fleet.url)
      .catch((error: unknown) => error);
    return reply instanceof Error && /certificate/.test(`${reply.message} ${String(reply.cause)}`);
  },
  isTaken: async ({ fleet, victim }) => (await fleet.fetchAs(victim.credentials)(fleet.url)).status !== 0,
};

const revoke = async ({ fleet }: DeviceWorld, id: string): Promise<void> => {
  const { status } = await fleet.call('POST', `devices/${id}/revoke`, {});
  if (status !== 200) throw new Error(`revoking ${id}: ${status}`);
};

let boxes = 0;
const newId = (): string => `box-${++boxes}`;

const revokedCertificate: Plan = {
  name: 'a revoked certificate comes back',
  isRefused: async (world) => {
    const { box, credentials } = await world.admit(newId());
    await revoke(world, box.id);
    return !(await isKnown(world, credentials)) && !(await mayConnect(world, box.id, credentials));
  },
  isTaken: async (world) => {
    const { box } = await world.admit(newId());
    await revoke(world, box.id);
    const renewed = await world.fleet.enrol(makeBox(box.id));
    return (await isKnown(world, renewed)) && (await mayConnect(world, box.id, renewed));
  },
};

const revokedWhileConnected: Plan = {
  name: 'a revoked box stays on its MQTT connection',
  isRefused: async (world) => {
    const admitted = await world.admit(newId());
    const ended = closed(await world.connect(admitted));
    await revoke(world, admitted.box.id);
    return isDone(ended);
  },
  isTaken: async (world) => {
    const [one, other] = [await world.admit(newId()), await world.admit(newId())];
    const client = await world.connect(one);
    await revoke(world, other.box.id);
    const isUp = client.connected;
    await client.endAsync();
    return isUp;
  },
};

const revokedKeptAlive: Plan = {
  name: 'a revoked box goes on with an HTTPS connection that stands',
  isRefused: async (world) => {
    const { box, credentials } = await world.admit(newId());
    const before = await isKnown(world, credentials);
    await revoke(world, box.id);
    return before && !(await isKnown(world, credentials));
  },
  isTaken: isVictimIn,
};

const decommissioned: Plan = {
  name: 'a decommissioned box comes back, with its certificate and with a new key',
  isRefused: async (world) => {
    const { box, credentials } = await world.admit(newId());
    await world.fleet.call('POST', `devices/${box.id}/decommission`, {});
    const again = await world.fleet.enrol(makeBox(box.id)).catch(() => undefined);
    return again === undefined && !(await mayConnect(world, box.id, credentials));
  },
  isTaken: isVictimIn,
};

const deviceAsPerson: Plan = {
  name: 'a box with its certificate makes itself an enrolment token, and registers a model',
  isRefused: async ({ fleet, thief }) => {
    const send = fleet.fetchAs(thief.credentials);
    const statuses = [];
    for (const path of ['enrolment-tokens', 'bundles', 'users', 'devices/box-victim/revoke']) {
      const headers = { 'content-type': 'application/json' };
      const reply = await send(`${fleet.url}/api/v1/${path}`, { method: 'POST', headers, body: '{}' });
      statuses.push(reply.status);
    }
    return statuses.every((status) => status === 401 || status === 403);
  },
  isTaken: async ({ fleet }) => (await fleet.call('POST', 'enrolment-tokens', {})).status === 201,
};

/** Who a box is, and who only says so. */
export const IDENTITY_FAMILY = createFamily({
  name: 'identity',
  open: openDeviceWorld,
  scope: 'shared',
  plans: [
    ...IMPOSTORS,
    serverOfAnother,
    revokedCertificate,
    revokedWhileConnected,
    revokedKeptAlive,
    decommissioned,
    deviceAsPerson,
    ...ENROLMENT_PLANS,
    ...ADMISSION_PLANS,
  ],
});
