import classes from './counts-bar.module.css';
import type { RolloutView } from './rollouts-api.ts';

type Counts = RolloutView['counts'];

const PARTS = [
  { name: 'succeeded', tone: 'good', of: ({ succeeded }: Counts) => succeeded },
  { name: 'failed', tone: 'bad', of: ({ failed }: Counts) => failed },
  { name: 'rejected or out', tone: 'off', of: ({ rejected, other }: Counts) => rejected + other },
  { name: 'in work', tone: 'busy', of: ({ inWork }: Counts) => inWork },
  { name: 'waiting', tone: 'none', of: ({ waiting }: Counts) => waiting },
] as const;

/** Devices by how they stand, as shares of a bar and, for who does not see it, in words. */
export function CountsBar({ counts, label }: { readonly counts: Counts; readonly label: string }) {
  const parts = PARTS.map(({ name, tone, of }) => ({ name, tone, devices: of(counts) })).filter(
    ({ devices }) => devices > 0,
  );
  const words = parts.map(({ name, devices }) => `${devices} ${name}`).join(', ');
  return (
    <div className={classes.bar} role="img" aria-label={`${label}: ${words || 'no devices'}`}>
      {parts.map(({ name, tone, devices }) => (
        <span key={name} data-tone={tone} style={{ flexGrow: devices }} title={`${devices} ${name}`} />
      ))}
    </div>
  );
}

/** The same as numbers; what there is none of is left out, but for the total. */
export function CountsList({ counts }: { readonly counts: Counts }) {
  const { total, succeeded, failed } = counts;
  return (
    <ul className={classes.numbers}>
      <li>
        {total.toLocaleString('en')} {total === 1 ? 'device' : 'devices'}
      </li>
      <li>{(succeeded + failed).toLocaleString('en')} executed</li>
      {PARTS.map(({ name, tone, of }) => ({ name, tone, devices: of(counts) }))
        .filter(({ devices }) => devices > 0)
        .map(({ name, tone, devices }) => (
          <li key={name} data-tone={tone}>
            {devices.toLocaleString('en')} {name}
          </li>
        ))}
      {counts.restored > 0 && <li>{counts.restored.toLocaleString('en')} back at their own model</li>}
    </ul>
  );
}
