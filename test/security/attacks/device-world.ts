import type { MqttClient } from 'mqtt';
import type { TlsCredentials } from '../../../agent/src/identity/port.ts';
import { type Box, makeBox } from '../../support/certified-box.ts';
import { startTlsFleet, type TlsFleet } from '../../support/tls-fleet.ts';

/** A box as its owner, or whoever holds its key, has it. */
export interface CertifiedBox {
  readonly box: Box;
  readonly credentials: TlsCredentials;
}

/** A whole fleet server with TLS, a box that is the victim, and one whose keys the attacker has. */
export interface DeviceWorld {
  readonly fleet: TlsFleet;
  readonly victim: CertifiedBox;
  readonly thief: CertifiedBox;
  /** A new box of this fleet, enrolled. */
  admit(id: string): Promise<CertifiedBox>;
  /** Connected as itself. */
  connect(who: CertifiedBox): Promise<MqttClient>;
  close(): Promise<void>;
}

/** Something of everybody's that devices may ask for: there is none of it, so 404 is the answer to who is let in. */
const ARTIFACT = `api/v1/artifacts/${'a'.repeat(64)}`;

export async function openDeviceWorld(): Promise<DeviceWorld> {
  const fleet = await startTlsFleet();
  const admit = async (id: string): Promise<CertifiedBox> => {
    const box = makeBox(id);
    return { box, credentials: await fleet.enrol(box) };
  };
  return {
    fleet,
    victim: await admit('box-victim'),
    thief: await admit('box-thief'),
    admit,
    connect: ({ box, credentials }) => fleet.connect(box.id, credentials),
    close: () => fleet.stop(),
  };
}

/** Whether the web server knows the caller as a device. */
export async function isKnown({ fleet }: DeviceWorld, shown?: TlsCredentials): Promise<boolean> {
  const authorization = `Basic ${btoa('box-victim:secret')}`;
  const { status } = await fleet.fetchAs(shown)(`${fleet.url}/${ARTIFACT}`, { headers: { authorization } });
  if (status === 404) return true;
  if (status === 401) return false;
  throw new Error(`the server answers ${status}`);
}

/** Whether the broker lets the caller in; a failure that is no refusal is handed on. */
export async function mayConnect(
  { fleet }: DeviceWorld,
  id: string,
  shown: Partial<TlsCredentials>,
): Promise<boolean> {
  try {
    await (await fleet.connect(id, shown, { connectTimeout: 5_000 })).endAsync();
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** A CONNACK with a code, or the end of the handshake; not silence, and not that nobody listens. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code !== 'ECONNREFUSED' && !/timeout/i.test(error.message);
}
