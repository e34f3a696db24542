import type { EvidenceStore, KeptPicture, PutEvidence } from './port.ts';

export interface SendKeptDeps {
  readonly store: Pick<EvidenceStore, 'read' | 'markSent'>;
  readonly put: PutEvidence;
}

/**
 * Sends one picture that is kept. @returns `gone` for one that was removed meanwhile, or is torn; else as `PutEvidence`
 * @throws AppError SERVER_UNREACHABLE | STORE_FAILED
 */
export async function sendKept(
  { store, put }: SendKeptDeps,
  event: string,
  { number, offsetMs }: Pick<KeptPicture, 'number' | 'offsetMs'>,
  signal: AbortSignal,
): Promise<'stored' | 'early' | 'refused' | 'gone'> {
  const jpeg = await store.read(event, number);
  const outcome = jpeg === undefined ? 'gone' : await put(event, { number, offsetMs, jpeg }, signal);
  // What is gone or refused is not tried again and again.
  if (outcome !== 'early') await store.markSent(event, number);
  return outcome;
}
