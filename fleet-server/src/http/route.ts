import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { ErrorReply } from '@watchpost/shared/api/fleet.ts';
import { Id, Sha256 } from '@watchpost/shared/kernel/ids.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import Type from 'typebox';
import type { AuditLog } from '../audit/port.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { Commands } from '../commands/port.ts';
import type { Admission, Enrolment, FleetView, PictureBoard, Renewal } from '../devices/port.ts';
import type { Evidence } from '../evidence/port.ts';
import type { TlsListener } from '../identity/port.ts';
import type { BundleRegistry, ModelVersions } from '../registry/port.ts';
import type { Configurator, Director, Rollouts } from '../rollouts/port.ts';
import type { DeploymentStore, ReportStore } from '../store/port.ts';
import type { TargetBook, Targeting } from '../targeting/port.ts';
import type { TrustRepository } from '../trust/port.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import type { AccessDeps, Guards } from './guards.ts';
import type { LiveClients } from './live-clients.ts';

export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the web server serves. */
export interface HttpDeps {
  readonly access: AccessDeps;
  readonly fleet: {
    readonly view: FleetView;
    readonly pictures: PictureBoard;
    readonly reports: Pick<ReportStore, 'events' | 'telemetry'>;
    readonly deployments: Pick<DeploymentStore, 'page'>;
  };
  readonly models: {
    readonly registry: BundleRegistry;
    readonly versions: ModelVersions;
    readonly blobs: BlobStore;
    readonly director: Pick<Director, 'deploy'>;
    /** Longest artifact taken. */
    readonly maxBytes: number;
  };
  readonly configurator: Configurator;
  readonly rollouts: Rollouts;
  readonly commands: Commands;
  readonly evidence: Evidence;
  readonly targeting: { readonly targets: Targeting; readonly book: TargetBook };
  readonly tuf: TrustRepository;
  /** The director's public keys, SPKI in PEM, the newest first. */
  readonly directorKeys: readonly string[];
  readonly enrolment: Enrolment;
  readonly admission: Admission;
  readonly renewal: Renewal;
  /** HTTPS with these; without, plain HTTP. */
  readonly tls?: Pick<TlsListener, 'certificate'>;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** Folder of the built web UI; it may be absent. */
  readonly webDir: string;
  readonly nowMs: () => number;
}

/** What a route file gets: the app's dependencies and who may pass. */
export interface RouteDeps extends HttpDeps {
  readonly guards: Guards;
  readonly limits: AttemptLimits;
  readonly liveClients: LiveClients;
}

/** Registers the routes of one kind on a scope of their own. */
export type Routes = (app: HttpApp, deps: RouteDeps) => void;

/** Replies every route may give beside its own. */
export const errorReplies = { '4xx': ErrorReply, '5xx': ErrorReply } as const;

/** A body that is sent as it is: bytes, or none for HEAD. */
export const Bytes = Type.Unsafe<Readable | Uint8Array | undefined>({ type: 'string', format: 'binary' });

/** Takes bodies of these types and no others, whole. */
export function takeBytes(app: HttpApp, contentTypes: readonly string[]): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    [...contentTypes],
    { parseAs: 'buffer' },
    async (_request: unknown, body: unknown) => body,
  );
}

export const DeviceParams = Type.Object({ id: Id });
export const CameraParams = Type.Object({ id: Id, camera: Id });
export const DigestParams = Type.Object({ digest: Sha256 });
