import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OnvifProfile {
  readonly token: string;
  readonly encoding: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly uri: string;
}

export interface OnvifDeviceOptions {
  readonly maker: string;
  readonly model: string;
  readonly profiles: readonly OnvifProfile[];
  /** `user:password` for WS-Security digests; without it everybody may ask. */
  readonly credentials?: string;
  /** Answers the call into the network as well, on the loopback interface. */
  readonly isDiscoverable?: boolean;
  /** Instead of SOAP. */
  readonly answer?: (response: ServerResponse) => void;
}

export interface OnvifDevice extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
  /** Bodies of the requests so far. */
  readonly requests: readonly string[];
}

const DISCOVERY_PORT = 3702;
const DISCOVERY_GROUP = '239.255.255.250';
const LOOPBACK = '127.0.0.1';

/** An ONVIF camera (profile S) for tests: SOAP over HTTP on a free loopback port. */
export async function startOnvifDevice(options: OnvifDeviceOptions): Promise<OnvifDevice> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    requests.push(body);
    if (options.answer !== undefined) return options.answer(response);
    const { status, xml } = replyTo(body, `http://${address}`, options);
    response.writeHead(status, { 'content-type': 'application/soap+xml' }).end(envelope(xml));
  }).listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  const responder = options.isDiscoverable === true ? await answerProbes(address) : undefined;
  return {
    address,
    requests,
    async [Symbol.asyncDispose]() {
      responder?.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

const envelope = (xml: string): string =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${xml}</s:Body></s:Envelope>`;

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function replyTo(
  body: string,
  base: string,
  { maker, model, profiles, credentials }: OnvifDeviceOptions,
): { readonly status: number; readonly xml: string } {
  const action = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? '';
  const reply = (xml: string) => ({ status: 200, xml: `<x:${action}Response>${xml}</x:${action}Response>` });
  if (action === 'GetSystemDateAndTime') return reply(clockXml(new Date()));
  if (credentials !== undefined && !isKnown(body, credentials))
    return { status: 400, xml: fault('NotAuthorized') };
  if (action === 'GetCapabilities')
    return reply(`<Capabilities><Media><XAddr>${base}/onvif/media</XAddr></Media></Capabilities>`);
  if (action === 'GetDeviceInformation')
    return reply(`<Manufacturer>${escapeXml(maker)}</Manufacturer><Model>${escapeXml(model)}</Model>`);
  if (action === 'GetProfiles') return reply(profiles.map(profileXml).join(''));
  if (action === 'GetVideoSources')
    return reply('<VideoSources token="v1"><Framerate>25</Framerate></VideoSources>');
  if (action === 'GetStreamUri') {
    const token = /<ProfileToken[^>]*>([^<]*)</.exec(body)?.[1];
    const uri = profiles.find((profile) => profile.token === token)?.uri ?? '';
    return reply(`<MediaUri><Uri>${escapeXml(uri)}</Uri></MediaUri>`);
  }
  return { status: 500, xml: fault('ActionNotSupported') };
}

const fault = (reason: string): string =>
  `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`;

function clockXml(now: Date): string {
  const date = `<Year>${now.getUTCFullYear()}</Year><Month>${now.getUTCMonth() + 1}</Month><Day>${now.getUTCDate()}</Day>`;
  const time = `<Hour>${now.getUTCHours()}</Hour><Minute>${now.getUTCMinutes()}</Minute><Second>${now.getUTCSeconds()}</Second>`;
  return `<SystemDateAndTime><UTCDateTime><Time>${time}</Time><Date>${date}</Date></UTCDateTime></SystemDateAndTime>`;
}

const profileXml = ({ token, encoding, width, height, fps }: OnvifProfile): string =>
  `<Profiles token="${token}"><Name>${token}</Name>` +
  '<VideoSourceConfiguration token="vs1"><SourceToken>v1</SourceToken></VideoSourceConfiguration>' +
  `<VideoEncoderConfiguration token="e-${token}"><Encoding>${encoding}</Encoding>` +
  `<Resolution><Width>${width}</Width><Height>${height}</Height></Resolution>` +
  `<RateControl><FrameRateLimit>${fps}</FrameRateLimit></RateControl>` +
  '</VideoEncoderConfiguration></Profiles>';

/** WS-Security: SHA-1 over nonce, time and password. */
function isKnown(body: string, credentials: string): boolean {
  const [user = '', password = ''] = credentials.split(/:(.*)/s);
  const field = (name: string): string => new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`).exec(body)?.[1] ?? '';
  const digest = createHash('sha1')
    .update(Buffer.concat([Buffer.from(field('Nonce'), 'base64'), Buffer.from(field('Created') + password)]))
    .digest('base64');
  return field('Username') === user && field('Password') === digest;
}

/** WS-Discovery: the port and the group are those of the protocol. */
async function answerProbes(address: string): Promise<{ close(): void }> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(DISCOVERY_PORT, '0.0.0.0');
  await once(socket, 'listening');
  socket.addMembership(DISCOVERY_GROUP, LOOPBACK);
  socket.on('message', (message, { port, address: from }) => {
    if (!String(message).includes('NetworkVideoTransmitter')) return;
    const match =
      '<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>' +
      `<d:XAddrs>http://192.0.2.1/onvif/device_service http://${address}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>`;
    socket.send(envelope(match), port, from);
  });
  return socket;
}
