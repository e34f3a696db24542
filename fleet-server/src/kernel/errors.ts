import { type ErrorKind, errorsOf } from '@watchpost/shared/kernel/errors.ts';

/** Every code the fleet server and fleetctl raise. Never renamed, never reused; README lists them. */
export const SERVER_ERRORS = {
  CONFIG_INVALID: { retry: false, http: 400, remedy: 'Correct each setting named; --help lists them.' },
  USAGE: { retry: false, http: 400, remedy: 'See --help.' },
  PORT_IN_USE: {
    retry: false,
    http: 500,
    remedy: 'Stop the program that holds the port, or choose another one.',
  },
  SETTINGS_INVALID: {
    retry: false,
    http: 400,
    remedy:
      'Correct each setting named: a fleet may set cameras, telemetry, governor, pictures, evidence, update, inference, outbox and log.',
  },
  FLEET_FILE_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Correct each place named, and apply the file again; nothing was changed.',
  },
  REQUEST_INVALID: { retry: false, http: 400, remedy: 'Send what the API document (/docs) asks for.' },
  NOT_FOUND: { retry: false, http: 404, remedy: 'Check the id.' },
  LOGIN_REQUIRED: { retry: false, http: 401, remedy: "Log in, or give the device's credentials." },
  LOGIN_FAILED: { retry: false, http: 401, remedy: 'Check user and password.' },
  LOGIN_RATE: { retry: true, http: 429, remedy: 'Wait for the time named, then log in again.' },
  FORBIDDEN: { retry: false, http: 403, remedy: 'Ask an admin for the role named.' },
  USER_EXISTS: { retry: false, http: 409, remedy: 'Choose another name, or change the user there is.' },
  LAST_ADMIN: { retry: false, http: 409, remedy: 'Make somebody else an admin first.' },
  AUDIT_BROKEN: {
    retry: false,
    http: 409,
    remedy: 'Somebody changed the record: compare it with an earlier `fleetctl audit export`.',
  },
  ORIGIN_FOREIGN: {
    retry: false,
    http: 403,
    remedy: 'Use the web page of this very server, or the API without a browser.',
  },
  TOKEN_INVALID: { retry: false, http: 403, remedy: 'Make a new enrolment token (`fleetctl token create`).' },
  TOKEN_USED: { retry: false, http: 409, remedy: 'A token enrols one box once: make a new one.' },
  PROOF_INVALID: {
    retry: false,
    http: 403,
    remedy: 'Enrol again on the box: the request was not signed by its key.',
  },
  KEY_REVOKED: {
    retry: false,
    http: 403,
    remedy: 'Delete the identity folder on the box and enrol it anew: it makes a new key.',
  },
  NONCE_INVALID: { retry: true, http: 403, remedy: 'Ask for a new nonce and sign that one.' },
  DEVICE_REFUSED: {
    retry: false,
    http: 403,
    remedy:
      'Enrol the box under another id, or see why it was put out of the fleet (`fleetctl device show`).',
  },
  FINGERPRINT_MISMATCH: {
    retry: false,
    http: 409,
    remedy: 'Compare the fingerprint with the one on the box: another machine may have taken this id.',
  },
  DEVICE_STATE: {
    retry: false,
    http: 409,
    remedy:
      'See `fleetctl device show`: a device goes preauthorized or pending, accepted or rejected, decommissioned.',
  },
  IN_USE: {
    retry: false,
    http: 409,
    remedy: 'Take it out of what is named first, then delete it.',
  },
  PLAIN_REFUSED: {
    retry: false,
    http: 400,
    remedy: 'Leave --plain out (TLS), or listen on 127.0.0.1 only.',
  },
  DIGEST_MISMATCH: { retry: false, http: 409, remedy: 'Send the file whose SHA-256 is in the address.' },
  BUNDLE_INCOMPLETE: {
    retry: false,
    http: 409,
    remedy: 'Push every file of the bundle first (`fleetctl bundle push` does).',
  },
  VERSION_TAKEN: {
    retry: false,
    http: 409,
    remedy: 'Give the bundle a new version: a version never changes its content.',
  },
  VERSION_STATE: {
    retry: false,
    http: 409,
    remedy:
      'See `fleetctl model show`: a version goes draft, validated, certified, released, then withdrawn or archived.',
  },
  VERSION_WITHDRAWN: { retry: false, http: 409, remedy: 'Deploy another version of the model.' },
  VERSION_UNSIGNED: {
    retry: false,
    http: 409,
    remedy: 'Let the signers of models sign it (`fleetctl sign models`), and deploy it again.',
  },
  ROLLOUT_INVALID: {
    retry: false,
    http: 422,
    remedy: 'Correct what is named; `fleetctl rollout plan` shows what a rollout would do.',
  },
  ROLLOUT_STATE: {
    retry: false,
    http: 409,
    remedy: 'See `fleetctl rollout explain`: it says what the rollout waits for, and what may be done.',
  },
  ROLLOUT_BUSY: { retry: true, http: 409, remedy: 'The rollout moved meanwhile: look at it, and ask again.' },
  APPROVER_IS_AUTHOR: {
    retry: false,
    http: 403,
    remedy: 'Let a person approve the rollout who did not make it.',
  },
  CERTIFIER_IS_AUTHOR: {
    retry: false,
    http: 403,
    remedy: 'Let a person certify the version who did not push it.',
  },
  VALIDATOR_FAILED: {
    retry: true,
    http: 500,
    remedy:
      'Check that the command of --validator-command runs on the server, and that its temporary folder has room.',
  },
  TRUST_REFUSED: {
    retry: false,
    http: 409,
    remedy: 'Correct what is named; `fleetctl keys list` shows the roles and what waits for signatures.',
  },
  RANGE_INVALID: { retry: false, http: 416, remedy: 'Ask for bytes inside the file.' },
  BODY_TOO_LARGE: { retry: false, http: 413, remedy: 'Send less than the limit named.' },
  STORE_FAILED: {
    retry: true,
    http: 500,
    remedy: 'Check that the disk of the server has room and is writable.',
  },
  STORE_TOO_NEW: {
    retry: false,
    http: 500,
    remedy: 'Start the version of the server that wrote this database, or a newer one.',
  },
  SERVER_UNREACHABLE: {
    retry: true,
    http: 503,
    remedy: 'Check the address (--server) and that the server runs.',
  },
  FILE_UNREADABLE: { retry: false, http: 400, remedy: 'Check the path.' },
  MODEL_UNREADABLE: { retry: false, http: 422, remedy: 'Give a file that ONNX Runtime can load.' },
  MODEL_UNSUITABLE: {
    retry: false,
    http: 422,
    remedy:
      'Give an image classifier: one float32 or uint8 input [1,3,H,W] or [1,H,W,3], one score per class as output.',
  },
  LABELS_MISMATCH: {
    retry: false,
    http: 422,
    remedy: 'Give one label per output of the model, one per line, in its order.',
  },
  PREPROCESS_REQUIRED: {
    retry: false,
    http: 400,
    remedy: 'A float model needs --preprocess imagenet, tf, unit, raw, or a preprocessor_config.json file.',
  },
  PREPROCESS_INVALID: {
    retry: false,
    http: 400,
    remedy:
      'Give imagenet, tf, unit, raw, or a preprocessor_config.json that ends in the size the model takes.',
  },
  IMPORT_UNSUITABLE: {
    retry: false,
    http: 422,
    remedy: 'Give what the folder lacks as options (see --help), or export the model anew.',
  },
  PICTURE_UNREADABLE: { retry: false, http: 415, remedy: 'Give JPEG, PNG or WebP pictures.' },
  KEY_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Give an Ed25519 key in PEM, as `fleetctl keys new` makes them.',
  },
  COMMANDS_TOO_MANY: {
    retry: true,
    http: 409,
    remedy: 'Wait for the open commands of the device to end (`fleetctl device commands`).',
  },
  COMMAND_OVER: {
    retry: false,
    http: 409,
    remedy: 'Send the command again: this one has ended, or brings no such file.',
  },
  COMMAND_FAILED: {
    retry: false,
    http: 502,
    remedy: 'See what the device says of it (`fleetctl device commands`).',
  },
  EVENT_UNKNOWN: {
    retry: true,
    http: 409,
    remedy: 'Send the picture again when the event has come: events and pictures go different ways.',
  },
  EVIDENCE_TAKEN: {
    retry: false,
    http: 409,
    remedy: 'A picture of a sighting never changes its content: see what the box does.',
  },
  INTERNAL: { retry: true, http: 500, remedy: 'See the log of the server, by the request id.' },
} as const satisfies Record<string, ErrorKind>;

export const serverError = errorsOf(SERVER_ERRORS);
