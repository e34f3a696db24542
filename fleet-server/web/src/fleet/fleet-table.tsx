import { Table } from '@mantine/core';
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
import classes from './fleet-table.module.css';

export function FleetTable({ devices }: { readonly devices: readonly DeviceView[] }) {
  return (
    <div className={classes.panel}>
      <Table className={classes.table} verticalSpacing={7} horizontalSpacing={12} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Device</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Model</Table.Th>
            <Table.Th>Cameras</Table.Th>
            <Table.Th className={classes.number}>CPU</Table.Th>
            <Table.Th className={classes.number}>Temp.</Table.Th>
            <Table.Th className={classes.number}>Last seen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {devices.map((device) => (
            <DeviceRow key={device.id} device={device} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

const DeviceRow = memo(function DeviceRow({ device }: { readonly device: DeviceView }) {
  return (
    <Table.Tr className={classes.row}>
      <Table.Td>
        <DeviceName device={device} />
      </Table.Td>
      <Table.Td>
        <DeviceStates device={device} />
      </Table.Td>
      <Table.Td>
        <DeviceModel device={device} />
      </Table.Td>
      <Table.Td>
        <DeviceCameras device={device} />
      </Table.Td>
      <Table.Td className={classes.number}>
        <DeviceCpu device={device} />
      </Table.Td>
      <Table.Td className={classes.number}>
        <DeviceTemperature device={device} />
      </Table.Td>
      <Table.Td className={classes.number}>
        <DeviceSeen device={device} />
      </Table.Td>
    </Table.Tr>
  );
});
