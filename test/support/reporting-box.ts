import { setInterval as every } from 'node:timers';
import type { Receipt } from '@watchpost/shared/messages/durable.ts';
import type { MqttClient } from 'mqtt';
import { cameraEvent, EPOCH } from './fleet-data.ts';
import { connectDevice, topicOf } from './mqtt-device.ts';
import { shuffled } from './random.ts';

/**
 * A box with events 1 to `count` to report over a bad network: it sends what has no receipt, out of order and partly
 * twice, at every connection and again and again, until a receipt covers it.
 */
export interface ReportingBox {
  readonly id: string;
  /** Up to where the server said that it stored everything. */
  upTo(): number;
  /** All receipts, as they came. */
  readonly receipts: readonly Receipt[];
  stop(): Promise<void>;
}

/** At once without a receipt. */
const WINDOW = 60;
const SEND_EVERY_MS = 30;

export async function startReportingBox(options: {
  readonly id: string;
  readonly port: number;
  readonly count: number;
  readonly random: () => number;
}): Promise<ReportingBox> {
  const { id, port, count, random } = options;
  const receipts: Receipt[] = [];
  let upTo = 0;
  const client = await connectDevice(port, id, {
    reconnectPeriod: 20,
    connectTimeout: 2_000,
    queueQoSZero: false,
  });
  client.on('error', () => undefined);
  client.on('message', (_topic, payload) => {
    const receipt = JSON.parse(payload.toString()) as Receipt;
    receipts.push(receipt);
    if (receipt.epoch === EPOCH) upTo = Math.max(upTo, receipt.upTo.event ?? 0);
  });
  await client.subscribeAsync(topicOf(id, 'receipt'), { qos: 1 });
  const timer = every(() => send(client, id, { upTo, count, random }), SEND_EVERY_MS);
  return {
    id,
    receipts,
    upTo: () => upTo,
    stop: async () => {
      clearInterval(timer);
      await client.endAsync(true);
    },
  };
}

function send(
  client: MqttClient,
  id: string,
  { upTo, count, random }: { readonly upTo: number; readonly count: number; readonly random: () => number },
): void {
  if (!client.connected) return;
  const seqs = Array.from({ length: Math.min(WINDOW, count - upTo) }, (_, index) => upTo + 1 + index);
  const lossy = seqs.filter(() => random() < 0.8);
  for (const seq of shuffled([...lossy, ...lossy.slice(0, 10)], random)) {
    const event = cameraEvent(seq, { firstSeq: upTo + 1 });
    client.publish(topicOf(id, 'cameraEvent', 'door'), JSON.stringify(event), { qos: 0 });
  }
}
