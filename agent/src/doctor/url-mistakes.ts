/** A mistake in an address that ffmpeg would report as something else. */
export interface UrlMistake {
  readonly found: string;
  readonly advice: string;
}

interface Rule {
  /** Where it is none: the address of single pictures. */
  readonly onlyStreams?: boolean;
  readonly isMade: (url: URL, text: string) => boolean;
  readonly found: string;
  readonly advice: string;
}

const isRtsp = ({ protocol }: URL): boolean => protocol === 'rtsp:' || protocol === 'rtsps:';
const isBare = ({ pathname, search }: URL): boolean => pathname.length <= 1 && search === '';
/** As it was written: an URL completes a number that is too short. */
const hostOf = (text: string): string => /:\/\/(?:[^/@]*@)?([^/:?#]*)/.exec(text)?.[1] ?? '';
const FIRST_CHANNELS =
  'often /Streaming/Channels/102, /cam/realmonitor?channel=1&subtype=1 or /h264Preview_01_sub';

const RULES: readonly Rule[] = [
  {
    isMade: (_, text) => /\s/.test(text),
    found: 'there is a blank in the address',
    advice: 'Remove it; a blank that belongs there is written %20.',
  },
  {
    isMade: (_, text) => /[<>{}]|\bx\.x\b|example\.(com|org)/i.test(text),
    found: 'a place holder was not filled in',
    advice: "Write the camera's own address.",
  },
  {
    isMade: (_, text) => /^[\d.]+$/.test(hostOf(text)) && !/^\d+(\.\d+){3}$/.test(hostOf(text)),
    found: 'the IP address does not have four numbers',
    advice: 'Read the address in the menu of the camera or the list of the router.',
  },
  {
    isMade: (url) => isRtsp(url) && isBare(url),
    found: 'the address names no stream',
    advice: `Add the path of the stream from the camera's manual; ${FIRST_CHANNELS}.`,
  },
  {
    isMade: (url) => isRtsp(url) && ['80', '443', '8080'].includes(url.port),
    found: 'this is a port of web pages, not of RTSP',
    advice: 'RTSP is on port 554 of most cameras.',
  },
  {
    isMade: (url) => !isRtsp(url) && ['554', '8554'].includes(url.port),
    found: 'this is the port of RTSP, but the address begins with http',
    advice: 'Begin it with rtsp://.',
  },
  {
    isMade: (url) => /\/onvif\//i.test(url.pathname),
    found: 'this is the address of the ONVIF service, which gives no pictures',
    advice: 'Use the stream address that an ONVIF tool shows for a profile.',
  },
  {
    isMade: (url) => !isRtsp(url) && (isBare(url) || /\.(html?|asp|php)$/i.test(url.pathname)),
    found: "this is the camera's web page, not a stream",
    advice: 'Use its RTSP stream, or the address of its MJPEG stream.',
  },
  {
    onlyStreams: true,
    isMade: (url) => !isRtsp(url) && /\.(jpe?g|png)$/i.test(url.pathname),
    found: 'this gives one picture, not a stream',
    advice: 'Give it as `stillUrl`, or use the MJPEG or RTSP stream of the camera.',
  },
  {
    isMade: (url) => ['localhost', '127.0.0.1', '::1'].includes(url.hostname),
    found: 'the address is that of this box itself',
    advice: "Write the camera's own address, unless a program on this box gives the stream.",
  },
  {
    isMade: (_, text) => text.includes('#'),
    found: 'there is a # in the address, and what follows it is not sent',
    advice: 'Write it %23.',
  },
];

/** What is likely wrong with the address of a camera; nothing for most. */
export function findUrlMistakes(text: string, gives: 'stream' | 'pictures'): readonly UrlMistake[] {
  const url = URL.parse(text);
  if (url === null || hostOf(text) === '')
    return [{ found: 'this is no address', advice: 'Write it like rtsp://192.168.1.20:554/stream.' }];
  const rules = RULES.filter(({ onlyStreams = false }) => gives === 'stream' || !onlyStreams);
  return rules.filter(({ isMade }) => isMade(url, text)).map(({ found, advice }) => ({ found, advice }));
}
