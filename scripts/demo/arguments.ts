import { parseArgs } from 'node:util';

/** What `npm run demo` was asked to do. */
export interface DemoRequest {
  readonly smoke: boolean;
  readonly reset: boolean;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** The user's own camera: an RTSP or HTTP address, a V4L2 device or a video file. */
  readonly camera?: string;
  readonly model?: { readonly onnx: string; readonly labels: string; readonly preprocess?: string };
}

export const DEMO_HELP = `Watchpost demo: a fleet server and two boxes that watch a drawn pet park, on this machine.

  npm run demo
      start it; prints a URL and a login; Ctrl-C stops everything
  npm run demo -- --smoke
      run it once by itself, kill the server on the way, print a JSON line
  npm run demo -- --camera SOURCE [--model FILE.onnx --labels FILE [--preprocess NAME|FILE]]
      watch your own camera: rtsp://…, http://…, /dev/video0, file.mp4

  --model FILE       an ONNX classifier; default: the demo's own, which knows drawn animals only
  --labels FILE      one label per line, in the order of the model's outputs
  --preprocess P     imagenet, tf, unit, raw or a preprocessor_config.json; needed by float models
  --http-port N      web page and API (default 8080)
  --mqtt-port N      MQTT broker (default 18830)
  --reset            forget the state of earlier demos first
  --help             this text
`;

/** @throws Error that says which argument is wrong */
export function parseDemoArguments(args: readonly string[]): DemoRequest | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      smoke: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'http-port': { type: 'string', default: '8080' },
      'mqtt-port': { type: 'string', default: '18830' },
      camera: { type: 'string' },
      model: { type: 'string' },
      labels: { type: 'string' },
      preprocess: { type: 'string' },
    },
  });
  if (values.help) return 'help';
  if ((values.model === undefined) !== (values.labels === undefined))
    throw new Error('--model and --labels go together');
  if (values.preprocess !== undefined && values.model === undefined)
    throw new Error('--preprocess needs --model');
  if (values.smoke && (values.camera ?? values.model) !== undefined)
    throw new Error('--smoke runs the drawn park only');
  return {
    smoke: values.smoke,
    reset: values.reset,
    httpPort: parsePort('--http-port', values['http-port']),
    mqttPort: parsePort('--mqtt-port', values['mqtt-port']),
    ...(values.camera === undefined ? {} : { camera: values.camera }),
    ...(values.model === undefined || values.labels === undefined
      ? {}
      : {
          model: {
            onnx: values.model,
            labels: values.labels,
            ...(values.preprocess && { preprocess: values.preprocess }),
          },
        }),
  };
}

function parsePort(flag: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`${flag} takes 1 to 65535, not "${text}"`);
  return port;
}
