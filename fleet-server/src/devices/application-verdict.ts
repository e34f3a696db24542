import type { DeviceState } from '@watchpost/shared/lifecycle/device.ts';

/** What the store knows under the id a box asks for. */
export interface KnownDevice {
  readonly state: DeviceState;
  readonly fingerprint: string;
}

export type ApplicationVerdict =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'refused'; readonly why: string };

const refused = (why: string): ApplicationVerdict => ({ kind: 'refused', why });

/** What becomes of a box that asks without a token, by the key it holds. */
export function judgeApplication(known: KnownDevice | undefined, fingerprint: string): ApplicationVerdict {
  if (known === undefined) return { kind: 'pending' };
  const isSameKey = known.fingerprint === fingerprint;
  switch (known.state) {
    case 'preauthorized':
      return isSameKey ? { kind: 'welcome' } : refused('the list has another fingerprint for it');
    case 'accepted':
      return isSameKey ? { kind: 'welcome' } : refused('it is enrolled with another key');
    case 'pending':
      return isSameKey ? { kind: 'pending' } : refused('another box waits under this id');
    case 'rejected':
      return isSameKey ? refused('it was rejected') : { kind: 'pending' };
    case 'decommissioned':
      return refused('it is decommissioned');
  }
}
