import type { OrderType } from '@watchpost/shared/trust/order.ts';
import type { AdmissionVerdict } from '../targeting/port.ts';

type Unfit = Pick<Extract<AdmissionVerdict, { kind: 'unfit' }>, 'code' | 'detail'>;

/**
 * Why a device cannot be given an order of this type: its agent would take it for none, and say nothing.
 * @param known what its agent carries out; undefined while it has not introduced itself
 */
export function findUnknownType(type: OrderType, known: readonly string[] | undefined): Unfit | undefined {
  if (type === 'forced' || known === undefined || known.includes(type)) return undefined;
  return { code: 'UNFIT_AGENT', detail: `its agent carries out no orders of type ${type}: update it` };
}
