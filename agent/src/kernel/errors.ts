import { type ErrorKind, errorsOf } from '@watchpost/shared/kernel/errors.ts';

/** Every code the agent raises. Never renamed, never reused; README lists them. */
export const AGENT_ERRORS = {
  USAGE_INVALID: { retry: false, http: 400, remedy: 'Run the command with --help to see what it takes.' },
  CONFIG_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Correct each line named; `watchpost-agent config` explains every key.',
  },
  CONFIG_UNREADABLE: { retry: false, http: 400, remedy: 'Check the path and that the file is YAML.' },
  CONFIG_LOST_CAMERAS: {
    retry: false,
    http: 409,
    remedy:
      'Correct the cameras in the settings of the fleet and set them again; the box went back to those before.',
  },
  CONFIG_UNPROVED: {
    retry: false,
    http: 409,
    remedy: 'See why the agent ended (`journalctl -u watchpost-agent`), then set the settings again.',
  },
  NOT_ENROLLED: {
    retry: false,
    http: 401,
    remedy: 'Run `watchpost-agent enrol` with a token from the fleet server.',
  },
  ENROL_REJECTED: {
    retry: false,
    http: 403,
    remedy: 'Ask the fleet server for a new token (`fleetctl token create`).',
  },
  CERTIFICATE_REFUSED: {
    retry: true,
    http: 403,
    remedy: 'See the state of this box on the fleet server; if its key was revoked, enrol it with a new key.',
  },
  SERVER_UNREACHABLE: {
    retry: true,
    http: 503,
    remedy: 'Check the network and the server address; the box keeps trying.',
  },
  BROKER_UNREACHABLE: {
    retry: true,
    http: 503,
    remedy: 'Check the network and the broker address; messages wait in the outbox.',
  },
  BROKER_REFUSED: {
    retry: true,
    http: 401,
    remedy: 'The broker does not accept this box: enrol it again or accept it on the server.',
  },
  STORE_CORRUPT: {
    retry: false,
    http: 500,
    remedy: 'The damaged file was set aside and a new one begun; check the disk.',
  },
  STORE_FAILED: { retry: true, http: 500, remedy: 'Check that the disk has room and is writable.' },
  CAMERA_UNREACHABLE: {
    retry: true,
    http: 502,
    remedy: 'Check the cable, the address and that the camera is on.',
  },
  CAMERA_AUTH: {
    retry: true,
    http: 401,
    remedy: "Correct user and password in the camera's credentials file.",
  },
  CAMERA_NOT_FOUND: {
    retry: true,
    http: 404,
    remedy: 'Check the path of the stream, the device node or the file.',
  },
  CAMERA_TIMEOUT: {
    retry: true,
    http: 504,
    remedy: 'The camera answers but sends nothing: check its load and the network.',
  },
  CAMERA_TLS: {
    retry: true,
    http: 502,
    remedy:
      'Give the camera a certificate for its address, and this box the authority of it (`update-ca-certificates`); compare the clocks.',
  },
  CAMERA_CODEC: {
    retry: true,
    http: 415,
    remedy: 'Set the stream of the camera to H.264, H.265 or MJPEG; the ffmpeg of this box decodes no other.',
  },
  CAMERA_FORMAT: { retry: true, http: 415, remedy: 'Give a video stream or file that ffmpeg can read.' },
  CAMERA_STALLED: { retry: true, http: 504, remedy: 'Frames stopped; the stream is opened again.' },
  CAMERA_MEMORY: {
    retry: true,
    http: 507,
    remedy: 'The stream made ffmpeg use too much memory and is opened again; give it a smaller substream.',
  },
  CAMERA_ENDED: {
    retry: false,
    http: 410,
    remedy: 'The video file is over; set `loop: true` to play it again.',
  },
  CAMERA_MOVED: {
    retry: true,
    http: 409,
    remedy:
      'The camera looks elsewhere than before: turn it back, or draw its masks and regions anew. After ten minutes the new view is its own.',
  },
  CAPTURE_FAILED: { retry: true, http: 500, remedy: 'Check that ffmpeg is installed and see the detail.' },
  RUNTIME_MISSING: {
    retry: false,
    http: 501,
    remedy: 'Install the package watchpost-agent-tfjs, or give the bundle a variant in ONNX.',
  },
  MODEL_UNREADABLE: { retry: false, http: 422, remedy: 'Give a file that ONNX Runtime can load.' },
  MODEL_MISMATCH: {
    retry: false,
    http: 422,
    remedy: 'Make input, output and labels of the manifest agree with the model.',
  },
  MODEL_OUTPUT_INVALID: {
    retry: false,
    http: 422,
    remedy: 'The model gives no finite probabilities; do not deploy it.',
  },
  INFERENCE_CRASHED: {
    retry: true,
    http: 500,
    remedy: 'The inference process is started again; see its last words.',
  },
  INFERENCE_TIMEOUT: {
    retry: true,
    http: 504,
    remedy: 'The inference process hung and is started again; when it stays so, deploy a lighter model.',
  },
  INFERENCE_MEMORY: {
    retry: true,
    http: 507,
    remedy:
      'The inference process is started again; deploy a smaller model, or raise inference.maxMemoryBytes where the box has room.',
  },
  PREPROCESS_REQUIRED: {
    retry: false,
    http: 400,
    remedy:
      'Choose --preprocess: imagenet (x/255, ImageNet mean and std), tf (x/127.5 - 1), unit (x/255), raw (x), or a preprocessor_config.json.',
  },
  PICTURE_UNREADABLE: {
    retry: false,
    http: 415,
    remedy: 'Give BMP, JPEG, PNG or WebP pictures, or a video ffmpeg can read.',
  },
  INPUT_MISSING: { retry: false, http: 404, remedy: 'Check the path.' },
  LABELS_MISMATCH: {
    retry: false,
    http: 422,
    remedy: 'Give one label per output of the model, one per line, in its order.',
  },
  TRUST_ROOT_MISSING: {
    retry: false,
    http: 403,
    remedy:
      'Set trust.rootFile to the 1.root.json of the fleet (`fleetctl keys root`), and deploy the bundle again.',
  },
  TRUST_INVALID: {
    retry: false,
    http: 403,
    remedy: 'See who changed the trust metadata: the box keeps what it runs and installs nothing.',
  },
  TRUST_ROLLBACK: {
    retry: false,
    http: 403,
    remedy:
      'The server hands out older metadata than before: restore its newest state, or look for an attack.',
  },
  TRUST_EXPIRED: {
    retry: false,
    http: 403,
    remedy: 'Sign the role named again (`fleetctl keys list`), and check the clocks of server and box.',
  },
  TARGET_UNKNOWN: {
    retry: false,
    http: 403,
    remedy:
      'Release the version (`fleetctl model release`, then `fleetctl sign models`), and deploy it again.',
  },
  TARGET_MISMATCH: {
    retry: false,
    http: 403,
    remedy: 'The order is for other content than was signed: deploy the bundle that was released.',
  },
  BUNDLE_FILE_MISSING: {
    retry: false,
    http: 404,
    remedy: 'Push the bundle again; the server does not have this file.',
  },
  BUNDLE_DIGEST_MISMATCH: {
    retry: false,
    http: 409,
    remedy: 'The file is not what the manifest says: build and push the bundle again.',
  },
  BUNDLE_UNFIT: { retry: false, http: 409, remedy: 'Deploy a bundle whose requirements this box meets.' },
  DOWNLOAD_FAILED: {
    retry: true,
    http: 502,
    remedy: 'Check the network; the download goes on where it stopped.',
  },
  DISK_FULL: { retry: true, http: 507, remedy: 'Make room on the data disk of the box.' },
  DEPLOYMENT_INTERRUPTED: {
    retry: false,
    http: 500,
    remedy: 'See why the agent went down while it activated the model (`journalctl -u watchpost-agent`).',
  },
  DEPLOYMENT_LOOPED: {
    retry: false,
    http: 500,
    remedy: 'The deployment was begun again and again; see why the agent restarts, and deploy it again.',
  },
  DEPLOYMENT_STEP_TIMEOUT: {
    retry: false,
    http: 504,
    remedy: 'One step did not come to its end; see what holds the box up, and deploy it again.',
  },
  BUNDLE_QUARANTINED: {
    retry: false,
    http: 409,
    remedy: 'The bundle failed on this box before: correct the model, or deploy it with lifted quarantine.',
  },
  BUNDLE_TOO_BIG: {
    retry: false,
    http: 409,
    remedy: 'Deploy a smaller bundle, or raise update.maxDiskBytes where the disk has room.',
  },
  SHADOW_FAILED: {
    retry: false,
    http: 422,
    remedy: 'The new model failed beside the old one; see where they differ before it is deployed again.',
  },
  PROBATION_FAILED: {
    retry: false,
    http: 422,
    remedy: 'See the gate that failed; the box went back to the model before by itself.',
  },
  SELFTEST_FAILED: {
    retry: false,
    http: 422,
    remedy: 'The model gives other results here than where it was built; do not deploy it.',
  },
  SELFTEST_TOO_SLOW: {
    retry: false,
    http: 422,
    remedy: 'Deploy a lighter model or variant, or raise requires.latencyMs when the cameras can wait.',
  },
  SELFTEST_MEMORY: {
    retry: false,
    http: 422,
    remedy: 'Deploy a smaller model, or raise inference.maxMemoryBytes where the box has room.',
  },
  COMMAND_BUSY: {
    retry: false,
    http: 409,
    remedy: 'Wait for the commands before it (`fleetctl device commands`), then send it again.',
  },
  COMMAND_INTERRUPTED: {
    retry: false,
    http: 500,
    remedy: 'See why the agent ended, and send the command again: nobody knows how far it came.',
  },
  COMMAND_UNAVAILABLE: {
    retry: false,
    http: 409,
    remedy: 'This box cannot do it as it is set and started; the message says what it lacks.',
  },
  EVIDENCE_UNKNOWN: {
    retry: false,
    http: 404,
    remedy:
      'See whether evidence.enabled was on, and whether the camera showed pictures when it was decided.',
  },
  EVIDENCE_GONE: {
    retry: false,
    http: 410,
    remedy: 'Ask earlier, set evidence.send to always, or raise evidence.maxBytes and evidence.maxAgeDays.',
  },
  EVIDENCE_REFUSED: {
    retry: true,
    http: 502,
    remedy: 'See that the server has the event (`fleetctl device show`), then ask again.',
  },
  DISCOVERY_EMPTY: {
    retry: true,
    http: 404,
    remedy:
      'Check that box and cameras are in one network and that ONVIF is on in the camera, or name the camera with --host.',
  },
  DISCOVERY_FAILED: {
    retry: true,
    http: 503,
    remedy:
      'Check the network of this box (`ip route`), choose one with --interface, or name cameras with --host.',
  },
  CAMERA_UNKNOWN: { retry: false, http: 404, remedy: 'See the cameras of the box (`fleetctl device show`).' },
} as const satisfies Record<string, ErrorKind>;

export type AgentErrorCode = keyof typeof AGENT_ERRORS;
export const agentError = errorsOf(AGENT_ERRORS);
