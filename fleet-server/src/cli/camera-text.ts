import type { CameraView } from '@watchpost/shared/api/fleet.ts';

/** One line: how a camera is, what it sees, and whether it is looked at less often. */
export function formatCamera({ id, name, status, state }: CameraView): string {
  const condition = [status?.condition ?? 'unknown', status?.code, status?.detail];
  const sees = state?.label === undefined ? '' : `, sees ${state.label}${formatRegions(state.regions)}`;
  const slowed =
    status?.slowed && `, slowed down to ${status.slowed.level} by ${status.slowed.why.join(', ')}`;
  return `${id} (${name}) ${condition.filter((part) => part !== undefined).join(' ')}${sees}${slowed ?? ''}`;
}

/** Where each of what is seen is. */
function formatRegions(regions: NonNullable<CameraView['state']>['regions']): string {
  const seen = (regions ?? []).flatMap(({ id, label }) => (label === undefined ? [] : [`${label} in ${id}`]));
  return seen.length === 0 ? '' : ` (${seen.join(', ')})`;
}
