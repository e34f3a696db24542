import { randomBytes } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import { describeConnectFailure } from '../../kernel/connect-failure.ts';
import { type AgentErrorCode, agentError } from '../../kernel/errors.ts';
import { checkCameraIdentity, trustedAuthorities } from '../../kernel/trusted-authorities.ts';
import { type Credentials, hostOf, redactUrl } from '../sources/camera-url.ts';
import { answerChallenge, type Challenge, chooseChallenge } from './digest-auth.ts';
import { isJpeg, PICTURE_MAX_BYTES, type TakePicture } from './take-picture.ts';

/** Kept between pictures, and closed when no more are asked for. */
const ONE_CONNECTION = { keepAlive: true, maxSockets: 1, timeout: 60_000 } as const;

/** Asks an address for its picture, over a connection that is kept; certificates are verified. */
export function createHttpPicture(url: string, credentials?: Credentials): TakePicture {
  const target = new URL(url);
  const agent =
    target.protocol === 'https:'
      ? new HttpsAgent({
          ...ONE_CONNECTION,
          ca: [...trustedAuthorities()],
          checkServerIdentity: checkCameraIdentity,
        })
      : new HttpAgent(ONE_CONNECTION);
  let challenge: Challenge | undefined;
  let count = 0;

  const ask = (signal: AbortSignal): Promise<IncomingMessage> => {
    count += 1;
    const path = target.pathname + target.search;
    const request = { method: 'GET', path, count, clientNonce: randomBytes(16).toString('hex') };
    const headers =
      challenge === undefined || credentials === undefined
        ? {}
        : { authorization: answerChallenge(challenge, credentials, request) };
    return send(target, agent, headers, signal);
  };

  return async (signal) => {
    try {
      let response = await ask(signal);
      if (response.statusCode === 401 && credentials !== undefined) {
        challenge = chooseChallenge(challengesOf(response));
        count = 0;
        response.resume();
        if (challenge !== undefined) response = await ask(signal);
      }
      return await readPicture(response, url);
    } catch (error) {
      throw isAppError(error) ? error : describe(error, url, signal);
    }
  };
}

function send(
  url: URL,
  agent: HttpAgent | HttpsAgent,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const answer = Promise.withResolvers<IncomingMessage>();
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  request(
    {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: url.pathname + url.search,
      headers: { accept: 'image/jpeg', ...headers },
      agent,
      signal,
    },
    answer.resolve,
  )
    .on('error', answer.reject)
    .end();
  return answer.promise;
}

/** Each on its own: several headers of one name are joined by Node in `headers`. */
const challengesOf = (response: IncomingMessage): readonly string[] =>
  response.headersDistinct['www-authenticate'] ?? [];

async function readPicture(response: IncomingMessage, url: string): Promise<Uint8Array> {
  const refusal = refusalOf(response);
  if (refusal !== undefined) {
    response.resume();
    throw agentError(refusal[0], `${hostOf(url)}: ${refusal[1]}`);
  }
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes > PICTURE_MAX_BYTES) {
      throw agentError(
        'CAMERA_FORMAT',
        `${hostOf(url)}: the picture is larger than ${PICTURE_MAX_BYTES} bytes`,
      );
    }
  }
  const picture = Buffer.concat(parts, sizeBytes);
  if (isJpeg(picture)) return picture;
  const type = response.headers['content-type'] ?? 'something';
  throw agentError('CAMERA_FORMAT', `${hostOf(url)}: the answer is ${type}, not a JPEG picture`);
}

function refusalOf({ statusCode = 0, headers }: IncomingMessage): [AgentErrorCode, string] | undefined {
  if (statusCode === 200) return undefined;
  if (statusCode === 401) return ['CAMERA_AUTH', 'user and password are not accepted (HTTP 401)'];
  if (statusCode === 403) return ['CAMERA_AUTH', 'this user may not see the picture (HTTP 403)'];
  if (statusCode === 404 || statusCode === 410)
    return ['CAMERA_NOT_FOUND', `there is no such picture (HTTP ${statusCode})`];
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined)
    return [
      'CAMERA_NOT_FOUND',
      `the picture has moved to ${redactUrl(headers.location)}: write that address`,
    ];
  return ['CAMERA_UNREACHABLE', `the camera answers with HTTP ${statusCode}`];
}

function describe(error: unknown, url: string, signal: AbortSignal): Error {
  if (signal.aborted)
    return agentError('CAMERA_TIMEOUT', `${hostOf(url)}: no picture in time`, { cause: error });
  const { code, detail } = describeConnectFailure(error, hostOf(url));
  return agentError(code, detail, { cause: error });
}
