import type { FleetFile, FoundFleet, WantedModel } from './fleet-file.ts';
import type { FleetChange } from './plan-change.ts';
import { diffSettings } from './settings-diff.ts';

/**
 * A rollout for each model that is wanted and was not rolled out yet: the newest rollout of the name says what was.
 * One that failed or was taken back is not made again; `fleetctl rollout retry` is for that.
 */
export function planModels(wanted: FleetFile, found: FoundFleet): readonly FleetChange[] {
  return Object.entries(wanted.models ?? {}).flatMap(([id, model]) => {
    const newest = found.rollouts.find(({ name }) => name === id);
    const after = { version: model.version, ...(model.filter !== undefined && { filter: model.filter }) };
    const before = newest && {
      version: `${newest.model}@${newest.version}`,
      ...(newest.filter !== undefined && { filter: newest.filter }),
    };
    const lines = diffSettings(before ?? {}, before === undefined ? model : after);
    if (lines.length === 0) return [];
    const body = toRequest(id, model, { wanted, found });
    return [
      {
        verb: newest === undefined ? ('add' as const) : ('change' as const),
        ...{ what: 'model' as const, id, lines },
        request: { method: 'POST' as const, path: 'rollouts', body },
      },
    ];
  });
}

function toRequest(
  name: string,
  { policy: policyId, ...model }: WantedModel,
  { wanted, found }: { readonly wanted: FleetFile; readonly found: FoundFleet },
): object {
  const saved = found.policies.find(({ id }) => id === policyId)?.policy;
  const policy = policyId === undefined ? undefined : (wanted.policies?.[policyId] ?? saved);
  return { name, ...model, ...(policy !== undefined && { policy }), start: true };
}
