import { formatTopic, type TopicKind, topicSubject } from '@watchpost/shared/topics.ts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export const FLEET = 'main';

/** @param subject the camera, or the name of the command */
export const topicOf = (device: string, kind: TopicKind, subject?: string): string =>
  formatTopic({
    ...{ fleet: FLEET, device, kind },
    ...(subject === undefined ? {} : { [topicSubject(kind) ?? 'camera']: subject }),
  });

/** A device's connection; a connection that breaks stays broken unless asked otherwise. */
export function connectDevice(port: number, id: string, options: IClientOptions = {}): Promise<MqttClient> {
  const own = { clientId: id, username: id, password: 'secret', reconnectPeriod: 0 };
  return mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { ...own, ...options }, false);
}

export interface Received {
  readonly topic: string;
  readonly body: unknown;
  readonly retain: boolean;
}

export function nextMessage(client: MqttClient): Promise<Received> {
  return new Promise((resolve) => {
    client.once('message', (topic, payload, { retain }) =>
      resolve({ topic, body: JSON.parse(payload.toString()), retain }),
    );
  });
}

/** The first receipt that covers event `seq`: a batch may be split, so the receipts before it say less. */
export function receiptOf(client: MqttClient, seq: number): Promise<Received> {
  return new Promise((resolve) => {
    const look = (topic: string, payload: Buffer, { retain }: { readonly retain: boolean }): void => {
      const body = JSON.parse(payload.toString()) as Received['body'] & { upTo?: { event?: number } };
      if ((body.upTo?.event ?? 0) < seq) return;
      client.off('message', look);
      resolve({ topic, body, retain });
    };
    client.on('message', look);
  });
}

export function closed(client: MqttClient): Promise<void> {
  client.on('error', () => undefined);
  return new Promise((resolve) => client.once('close', () => resolve()));
}
