import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { describeConnectFailure } from '../../kernel/connect-failure.ts';
import { agentError } from '../../kernel/errors.ts';
import { checkCameraIdentity, trustedAuthorities } from '../../kernel/trusted-authorities.ts';
import { hostOf } from './camera-url.ts';

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'rtsps:': 322 };

/**
 * Looks at the certificate of a camera before ffmpeg connects: ffmpeg does not verify it for RTSPS at all, and for
 * HTTPS it does not say what is wrong with it. Nothing is sent. Addresses without TLS are left alone.
 * @throws AppError CAMERA_TLS, CAMERA_UNREACHABLE or CAMERA_TIMEOUT
 */
export async function lookAtCertificate(
  address: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const url = URL.parse(address);
  const defaultPort = PORTS[url?.protocol ?? ''];
  if (url === null || defaultPort === undefined) return;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const limit = AbortSignal.timeout(limitMs);
  const socket = connect({
    host,
    port: Number(url.port) || defaultPort,
    ...(isIP(host) === 0 && { servername: host }),
    ca: [...trustedAuthorities()],
    checkServerIdentity: checkCameraIdentity,
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (signal.aborted) return;
    if (limit.aborted) throw agentError('CAMERA_TIMEOUT', `${hostOf(address)}: no TLS in ${limitMs} ms`);
    const { code, detail } = describeConnectFailure(error, hostOf(address));
    throw agentError(code, detail, { cause: error });
  } finally {
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
