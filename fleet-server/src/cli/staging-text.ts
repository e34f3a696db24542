import type { StagedView, StagingReply } from '@watchpost/shared/api/trust.ts';

/** Where a ceremony stands, for the person who did the last step. */
export function describeStaging({ published, staged }: Pick<StagingReply, 'published' | 'staged'>): string {
  return [
    ...(published.length > 0 ? [`published: ${published.join(', ')}`] : []),
    ...staged.map((each) => `${each.role} ${each.version} waits: ${describeWait(each)}`),
    ...(published.length + staged.length === 0 ? ['nothing waits for signatures'] : []),
  ].join('\n');
}

function describeWait({ waitsFor, tallies }: StagedView): string {
  const counts = tallies.map(({ by, have, need }) => `${have} of ${need} ${by}`);
  return `${waitsFor.join('; ')} (${counts.join(', ')})`;
}
