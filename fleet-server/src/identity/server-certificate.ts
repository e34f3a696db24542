import { describeError } from '@watchpost/shared/kernel/errors.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { CertificateAuthority, ServerCertificate, TlsMaterial } from './port.ts';

export interface ServerCertificateDeps {
  readonly authority: Pick<CertificateAuthority, 'issueServer'>;
  readonly hosts: readonly string[];
  readonly nowMs: () => number;
  /** Calls `run` once after `delayMs`. @returns cancels */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 3_600_000;
/** The part of its life after which a certificate is replaced. */
const RENEW_AFTER = 2 / 3;

/** Holds a certificate from its making on; its key lives in memory only, and a start makes a new one. */
export async function createServerCertificate(deps: ServerCertificateDeps): Promise<ServerCertificate> {
  const { authority, hosts, nowMs, schedule, log } = deps;
  const listeners: ((material: TlsMaterial) => void)[] = [];
  let issuedAtMs = nowMs();
  let material = await authority.issueServer(hosts);
  let cancel = (): void => undefined;

  const renewWhenDue = async (): Promise<void> => {
    if (nowMs() < issuedAtMs + (material.notAfterMs - issuedAtMs) * RENEW_AFTER) return;
    issuedAtMs = nowMs();
    material = await authority.issueServer(hosts);
    for (const listener of listeners) listener(material);
    log.info({ notAfterMs: material.notAfterMs }, 'certificate of the server renewed');
  };
  const lookLater = (): void => {
    cancel = schedule(LOOK_EVERY_MS, () => {
      renewWhenDue().catch((error: unknown) =>
        log.error({ error: describeError(error) }, 'certificate of the server not renewed'),
      );
      lookLater();
    });
  };
  return {
    name: 'server-certificate',
    start: async () => lookLater(),
    stop: async () => cancel(),
    current: () => material,
    onRenewed: (listener) => void listeners.push(listener),
  };
}
