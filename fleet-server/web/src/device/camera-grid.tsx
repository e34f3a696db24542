import type { DeviceView } from '../api/client.ts';
import { isReachable } from '../fleet/select-devices.ts';
import { CameraCard } from './camera-card.tsx';
import classes from './camera-grid.module.css';

export function CameraGrid({ device }: { readonly device: DeviceView }) {
  if (device.cameras.length === 0) {
    return <p className={classes.none}>This device has reported no camera.</p>;
  }
  const reachable = isReachable(device);
  return (
    <div className={classes.grid}>
      {device.cameras.map((camera) => (
        <CameraCard key={camera.id} deviceId={device.id} camera={camera} reachable={reachable} />
      ))}
    </div>
  );
}
