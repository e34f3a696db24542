import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { listTlsHosts } from '../config/listeners.ts';
import type { ServerConfig } from '../config/schema.ts';
import { createEnrolment } from '../devices/enrolment.ts';
import type { Enrolment, FleetProjection } from '../devices/port.ts';
import { createCertification } from '../identity/certification.ts';
import type {
  CertificateAuthority,
  Certification,
  ServerCertificate,
  TlsListener,
} from '../identity/port.ts';
import { createServerCertificate } from '../identity/server-certificate.ts';
import { createTlsIdentifier } from '../identity/tls-identifier.ts';
import { createX509Authority } from '../identity/x509-authority.ts';
import { loadAuthorityFile } from '../identity/x509-authority-file.ts';
import type { Store } from '../store/port.ts';

/** How boxes are known: certificates, and what makes the listeners speak TLS. */
export interface DeviceTrust {
  readonly authority: CertificateAuthority;
  readonly certification: Certification;
  /** Undefined for plain listeners. */
  readonly tls: (TlsListener & { readonly certificate: ServerCertificate }) | undefined;
}

export interface DeviceTrustDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
}

export async function createDeviceTrust(deps: DeviceTrustDeps): Promise<DeviceTrust> {
  const { config, store, log, nowMs, schedule } = deps;
  const file = await loadAuthorityFile(join(config.dataDir, 'keys', 'ca.pem'), nowMs());
  const authority = createX509Authority({ file, nowMs });
  const { certificates, devices } = store;
  const certification = createCertification({ authority, certificates });
  await writeFileAtomic(join(config.dataDir, 'ca.crt'), authority.caPem);
  if (config.plain) return { authority, certification, tls: undefined };
  const certificate = await createServerCertificate({
    authority,
    hosts: listTlsHosts(config, hostname()),
    nowMs,
    schedule,
    log: log.child({ component: 'identity' }),
  });
  const identify = createTlsIdentifier({ devices, certificates, nowMs });
  return { authority, certification, tls: { certificate, identify } };
}

export interface FleetEnrolmentDeps extends Omit<DeviceTrustDeps, 'schedule'> {
  readonly view: FleetProjection;
  readonly trust: DeviceTrust;
  readonly brokerPort: () => number;
  /** The director's public keys, PEM. */
  readonly directorKey: string;
}

export function createFleetEnrolment(deps: FleetEnrolmentDeps): Enrolment {
  const { config, store, view, trust, log, nowMs, brokerPort, directorKey } = deps;
  return createEnrolment({
    devices: store.devices,
    projection: view,
    authority: trust.authority,
    certification: trust.certification,
    nowMs,
    log: log.child({ component: 'enrolment' }),
    welcome: {
      fleet: config.fleet,
      brokerUrl: () => config.brokerUrl ?? describeBroker(config, brokerPort()),
      directorKey,
    },
  });
}

function describeBroker(config: ServerConfig, port: number): string {
  if (config.plain) return `mqtt://${config.host}:${port}`;
  return `mqtts://${listTlsHosts(config, hostname())[0]}:${port}`;
}
