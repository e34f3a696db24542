import type { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { isId } from '@watchpost/shared/kernel/ids.ts';
import { computeKeyId } from '@watchpost/shared/trust/key-id.ts';
import type { CertificateStore, DeviceStore } from '../store/port.ts';
import type { ConnectionIdentifier } from './port.ts';

export interface TlsIdentifierDeps {
  readonly devices: Pick<DeviceStore, 'find'>;
  readonly certificates: Pick<CertificateStore, 'isRevoked'>;
  readonly nowMs: () => number;
}

export function createTlsIdentifier({
  devices,
  certificates,
  nowMs,
}: TlsIdentifierDeps): ConnectionIdentifier {
  return async (socket) => {
    const certificate = certificateOf(socket);
    const deviceId = /^CN=([a-z0-9-]+)$/.exec(certificate?.subject ?? '')?.[1];
    if (certificate === undefined || deviceId === undefined || !isId(deviceId)) return undefined;
    // The handshake, or that of the session resumed, may be long ago.
    if (certificate.validToDate.getTime() <= nowMs()) return undefined;
    const device = await devices.find(deviceId);
    const fingerprint = computeKeyId(certificate.publicKey);
    if (device?.state !== 'accepted' || device.fingerprint !== fingerprint) return undefined;
    const serial = certificate.serialNumber.toLowerCase();
    return (await certificates.isRevoked({ serial, fingerprint })) ? undefined : deviceId;
  };
}

/** The client's, once the TLS stack found a chain to our authority. */
function certificateOf(socket: unknown): X509Certificate | undefined {
  return socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
}
