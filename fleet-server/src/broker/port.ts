import type { Component } from '@watchpost/shared/kernel/component.ts';
import type { Payload, TopicAddress, TopicKind } from '@watchpost/shared/topics.ts';

/** Who may connect: resolves true when `secret` is that of the accepted device. */
export type DeviceAuthenticator = (deviceId: string, secret: string) => Promise<boolean>;

/** A publish of a device below its own root, not parsed yet. May come twice: whoever counts looks at its number. */
export interface InboundMessage {
  readonly address: TopicAddress;
  readonly payload: Uint8Array;
}

/** The MQTT broker, embedded or not. Listeners are added before `start`, and must not throw. */
export interface Broker extends Component {
  /** Port it listens on, after start. */
  readonly port: number;
  onMessage(listener: (message: InboundMessage) => void): void;
  /** A device's connection went up or down; a take-over by a newer connection is up and no down. */
  onPresence(listener: (deviceId: string, connected: boolean) => void): void;
  /** A device hears this topic from now on; also when it asks for it again. */
  onListening(listener: (address: TopicAddress) => void): void;
  /** Ends the device's connection at once, if it has one; whether it may come back is the authenticator's to say. */
  disconnect(deviceId: string): void;
  /**
   * Sends to a device that is connected; a retained document also reaches it when it subscribes later. Retained
   * documents live in memory: after a start they are published again.
   * @returns after the broker took it
   */
  publish<K extends TopicKind>(
    kind: K,
    address: Omit<TopicAddress, 'kind'>,
    payload: Payload<K>,
  ): Promise<void>;
}
