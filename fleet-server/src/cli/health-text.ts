import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

type Fact = readonly [string, string];

/** What the device says of its own health: what it sees coming, and what slows it down; nothing while all is well. */
export function formatHealth(telemetry: Telemetry | undefined): readonly Fact[] {
  if (telemetry === undefined) return [];
  const { hints = [], throttleReasons = [], throttled, clock, outbox } = telemetry;
  const reasons = throttleReasons.map((reason) => reason.replaceAll('_', ' ')).join(', ');
  return [
    ...hints.map(({ severity, text }): Fact => [severity, text]),
    ...(throttled ? [['slowed by', reasons || 'heat or power'] as const] : []),
    ...(clock.synced ? [] : [['clock', 'not synchronised'] as const]),
    ...(outbox.dropped === 0 ? [] : [['lost', describeLoss(outbox)] as const]),
  ];
}

function describeLoss({ dropped, droppedByStream = {} }: Telemetry['outbox']): string {
  const streams = Object.entries(droppedByStream).filter(([, count]) => count > 0);
  const apart = streams.map(([stream, count]) => `${count} ${stream}`).join(', ');
  return `${dropped} message${dropped === 1 ? '' : 's'}${apart && ` (${apart})`}: the outbox was full`;
}
