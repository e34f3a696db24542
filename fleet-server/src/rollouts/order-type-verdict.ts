import type { OrderType } from '@watchpost/shared/trust/order.ts';
import type { AdmissionVerdict, TargetDevice } from '../targeting/port.ts';

type Unfit = Pick<Extract<AdmissionVerdict, { kind: 'unfit' }>, 'code' | 'detail'>;

/**
 * Why a device cannot be given an order of this type: its agent would take it for none, and say nothing.
 * @param known what its agent carries out; undefined while it has not introduced itself
 */
export function findUnknownType(type: OrderType, known: readonly string[] | undefined): Unfit | undefined {
  if (type === 'forced' || known === undefined || known.includes(type)) return undefined;
  return { code: 'UNFIT_AGENT', detail: `its agent carries out no orders of type ${type}: update it` };
}

/** An agent that introduced itself and says nothing of types knows only the one there was before them. */
export function orderTypesOf(
  told: Pick<TargetDevice, 'agentVersion' | 'orderTypes'> | undefined,
): readonly string[] | undefined {
  return told?.agentVersion === undefined ? undefined : (told.orderTypes ?? ['forced']);
}
