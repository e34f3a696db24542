import type { Payload, TopicAddress, TopicKind } from '@watchpost/shared/topics.ts';

/** Who may connect: resolves true when `secret` is that of the accepted device. */
export type DeviceAuthenticator = (deviceId: string, secret: string) => Promise<boolean>;

/** A publish of a device below its own root, not parsed yet. */
export interface InboundMessage {
  readonly address: TopicAddress;
  readonly payload: Uint8Array;
}

/** The MQTT broker, embedded or not. */
export interface Broker {
  /** Port it listens on, after start. */
  readonly port: number;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  onMessage(listener: (message: InboundMessage) => void): void;
  /** A device's connection went up or down. */
  onPresence(listener: (deviceId: string, connected: boolean) => void): void;
  /** @returns after the broker took it */
  publish<K extends TopicKind>(
    kind: K,
    address: Omit<TopicAddress, 'kind'>,
    payload: Payload<K>,
  ): Promise<void>;
}
