import type { AgentErrorCode } from './errors.ts';

/** Why a camera could not be reached. */
export interface ConnectFailure {
  readonly code: AgentErrorCode;
  /** For people. */
  readonly detail: string;
}

type Words = readonly [AgentErrorCode, string];

const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is not trusted: it signed itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'is not trusted: its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'is not trusted: its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is not trusted: its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is not trusted: its authority is not known here',
  CERT_UNTRUSTED: 'is not trusted',
  CERT_SIGNATURE_FAILURE: 'is not trusted: its authority is not known here',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet: compare the clocks of camera and box',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name than that in the address',
};

const CONNECTION: Readonly<Record<string, Words>> = {
  ECONNREFUSED: ['CAMERA_UNREACHABLE', 'nothing listens at this port (connection refused)'],
  EHOSTUNREACH: ['CAMERA_UNREACHABLE', 'there is no way to this address (host unreachable)'],
  ENETUNREACH: ['CAMERA_UNREACHABLE', 'there is no way to this address (network unreachable)'],
  EADDRNOTAVAIL: ['CAMERA_UNREACHABLE', 'there is no way to this address'],
  ENOTFOUND: ['CAMERA_UNREACHABLE', 'nobody knows this name (DNS)'],
  EAI_AGAIN: ['CAMERA_UNREACHABLE', 'the name cannot be looked up now (DNS)'],
  ECONNRESET: ['CAMERA_UNREACHABLE', 'the camera closed the connection'],
  EPIPE: ['CAMERA_UNREACHABLE', 'the camera closed the connection'],
  ETIMEDOUT: ['CAMERA_TIMEOUT', 'no answer'],
  EPROTO: ['CAMERA_TLS', 'what answers does not speak TLS'],
};

/**
 * What an error of a socket, of DNS or of TLS means, in words for people.
 * @param at host and port, or name, of the camera
 */
export function describeConnectFailure(error: unknown, at: string): ConnectFailure {
  const { code = '', message } = causeOf(error);
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined) {
    return { code: 'CAMERA_TLS', detail: `${at}: the certificate ${certificate}` };
  }
  const [kind, words]: Words = CONNECTION[code] ?? guess(code, message);
  return { code: kind, detail: `${at}: ${words}` };
}

const guess = (code: string, message: string): Words =>
  /^ERR_(SSL|TLS)_|^ERR_OSSL|CERT/.test(code)
    ? ['CAMERA_TLS', `no TLS connection: ${message}`]
    : ['CAMERA_UNREACHABLE', message];

/** Node tries every address of a name and wraps what happened to each. */
function causeOf(error: unknown): { readonly code?: string; readonly message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  return error;
}
