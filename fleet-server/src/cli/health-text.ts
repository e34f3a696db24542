import type { Telemetry } from '@watchpost/shared/messages/telemetry.ts';

type Fact = readonly [string, string];
type Health = Pick<Telemetry, 'hints' | 'throttled' | 'throttleReasons' | 'clock' | 'outbox'>;

/** What the device says of its own health: what it sees coming, and what slows it down; nothing while all is well. */
export function formatHealth(told: Health | undefined): readonly Fact[] {
  if (told === undefined) return [];
  const { hints = [], throttleReasons = [], throttled, clock, outbox } = told;
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
