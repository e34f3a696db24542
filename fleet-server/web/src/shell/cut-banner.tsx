import { useFleet } from '../api/fleet-context.ts';
import classes from './cut-banner.module.css';

/** Says that the page has stopped following the fleet: what it shows may no longer be so. */
export function CutBanner() {
  const { link } = useFleet();
  if (link !== 'cut') return null;
  return (
    <div className={classes.banner} role="alert">
      <strong>Live connection lost.</strong> What you see may be out of date; reconnecting by itself.
    </div>
  );
}
