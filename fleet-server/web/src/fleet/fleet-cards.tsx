import { memo } from 'react';
import type { DeviceView } from '../api/client.ts';
import {
  DeviceCameras,
  DeviceCpu,
  DeviceModel,
  DeviceName,
  DeviceSeen,
  DeviceStates,
  DeviceTemperature,
} from './device-cells.tsx';
import classes from './fleet-cards.module.css';

/** The fleet list where a table does not fit. */
export function FleetCards({ devices }: { readonly devices: readonly DeviceView[] }) {
  return (
    <ul className={classes.list}>
      {devices.map((device) => (
        <DeviceCard key={device.id} device={device} />
      ))}
    </ul>
  );
}

const DeviceCard = memo(function DeviceCard({ device }: { readonly device: DeviceView }) {
  return (
    <li className={classes.card}>
      <div className={classes.line}>
        <DeviceName device={device} />
        <DeviceStates device={device} />
      </div>
      <DeviceCameras device={device} />
      <div className={classes.facts}>
        <DeviceModel device={device} />
        <span className={classes.readings}>
          <DeviceCpu device={device} />
          <DeviceTemperature device={device} />
          <DeviceSeen device={device} />
        </span>
      </div>
    </li>
  );
});
