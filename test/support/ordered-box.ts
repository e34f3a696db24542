import type { DeploymentState } from '@watchpost/shared/lifecycle/deployment.ts';
import type { Order } from '@watchpost/shared/trust/order.ts';
import type { MqttClient } from 'mqtt';
import { connectDevice, topicOf } from './mqtt-device.ts';

/** A box that outlives its server: it does what it is ordered, and tells it until that is receipted. */
export interface OrderedBox {
  readonly id: string;
  /** Orders it took, in their order; it takes each once. */
  readonly orders: readonly Order[];
  stop(): Promise<void>;
}

/** Whoever signed it: this box trusts everybody. */
function readOrder(token: string): Order {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Order;
}

const EPOCH = '00000000000000cc';

export async function startOrderedBox(
  id: string,
  port: number,
  answers: readonly DeploymentState[],
): Promise<OrderedBox> {
  const orders: Order[] = [];
  const waiting = new Map<number, object>();
  let lastSeq = 0;
  let client: MqttClient | undefined;
  const send = (body: object): void => {
    client?.publish(topicOf(id, 'deployment'), JSON.stringify(body), { qos: 1 }, () => undefined);
  };
  const take = (order: Order): void => {
    if (orders.some(({ counter }) => counter >= order.counter)) return;
    orders.push(order);
    for (const state of answers) {
      lastSeq += 1;
      const { deploymentId, sha256: bundleDigest } = order;
      const numbers = { epoch: EPOCH, seq: lastSeq, firstSeq: 1, historical: false };
      const body = { deploymentId, bundleDigest, tsMs: Date.now(), state, ...numbers };
      waiting.set(lastSeq, body);
      send(body);
    }
  };
  client = await connectDevice(port, id, { reconnectPeriod: 30, connectTimeout: 500 });
  client.on('error', () => undefined);
  client.on('connect', () => {
    for (const body of waiting.values()) send(body);
  });
  client.on('message', (topic, payload) => {
    const body = JSON.parse(payload.toString()) as { order?: string; upTo?: { deployment?: number } };
    if (topic === topicOf(id, 'desiredModel') && body.order !== undefined) {
      take(readOrder(body.order));
    }
    for (const seq of waiting.keys()) if (seq <= (body.upTo?.deployment ?? 0)) waiting.delete(seq);
  });
  await client.subscribeAsync([topicOf(id, 'desiredModel'), topicOf(id, 'receipt')], { qos: 1 });
  return {
    id,
    orders,
    stop: async () => {
      await client.endAsync(true);
    },
  };
}
