import type { DeviceView, FleetView } from '../devices/port.ts';
import { serverError } from '../kernel/errors.ts';

/** @throws AppError NOT_FOUND */
export function requireKnownDevice(fleet: Pick<FleetView, 'device'>, id: string): DeviceView {
  const device = fleet.device(id);
  if (device === undefined) throw serverError('NOT_FOUND', `there is no device "${id}"`);
  return device;
}
