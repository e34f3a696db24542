import type { Receipt } from '@watchpost/shared/messages/durable.ts';
import type { Cursor } from '../store/port.ts';

export interface AddressedReceipt {
  readonly deviceId: string;
  readonly receipt: Receipt;
}

/** One receipt per device and epoch, with the streams that the commit touched. */
export function computeReceipts(cursors: readonly Cursor[]): readonly AddressedReceipt[] {
  const byBox = Map.groupBy(cursors, ({ deviceId, epoch }) => `${deviceId}/${epoch}`);
  return [...byBox.values()].flatMap((streams) => {
    const [first] = streams;
    if (first === undefined) return [];
    const upTo = Object.fromEntries(streams.map(({ stream, upTo: reached }) => [stream, reached]));
    return [{ deviceId: first.deviceId, receipt: { epoch: first.epoch, upTo } }];
  });
}
