import { type DeviceAddress, parseTopic, TOPICS, type TopicAddress } from '@watchpost/shared/topics.ts';

/** What a device may say and hear: up topics and down topics of its own root, by exact name. */

/** @returns where the topic belongs; undefined denies the publish */
export function findPublishAddress(owner: DeviceAddress, topic: string): TopicAddress | undefined {
  return findOwn(owner, topic, 'up');
}

/** Filters with wildcards are denied: a device knows the names of its topics. */
export function maySubscribe(owner: DeviceAddress, filter: string): boolean {
  return findOwn(owner, filter, 'down') !== undefined;
}

export function mayReceive(owner: DeviceAddress, topic: string): boolean {
  return findOwn(owner, topic, 'down') !== undefined;
}

function findOwn(owner: DeviceAddress, topic: string, direction: 'up' | 'down'): TopicAddress | undefined {
  const address = parseTopic(topic);
  if (address === undefined || TOPICS[address.kind].direction !== direction) return undefined;
  return address.fleet === owner.fleet && address.device === owner.device ? address : undefined;
}
