import type { EvidenceStore, PutEvidence, SendKept } from './port.ts';

export interface SendKeptDeps {
  readonly store: Pick<EvidenceStore, 'read' | 'markSent'>;
  readonly put: PutEvidence;
}

export function createSendKept({ store, put }: SendKeptDeps): SendKept {
  return async (event, { number, offsetMs }, signal) => {
    const jpeg = await store.read(event, number);
    const outcome = jpeg === undefined ? 'gone' : await put(event, { number, offsetMs, jpeg }, signal);
    // What is gone or refused is not tried again and again.
    if (outcome !== 'early') await store.markSent(event, number);
    return outcome;
  };
}
