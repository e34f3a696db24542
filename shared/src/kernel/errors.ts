/** What a code means to the caller: may it be tried again, which HTTP status it has, and what a person does about it. */
export interface ErrorKind {
  readonly retry: boolean;
  readonly http: number;
  readonly remedy: string;
}

/** A failed operation with a stable code. Bugs are plain errors; expected outcomes are returned unions. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(code: string, kind: ErrorKind, what: string, options?: ErrorOptions) {
    super(what, options);
    this.code = code;
    this.kind = kind;
  }
}

/**
 * Binds a package's table of codes to a constructor. `what` says what was wrong and where; the remedy comes
 * from the table, so that it reads the same in a log, on a screen and in the README.
 */
export function errorsOf<Table extends Readonly<Record<string, ErrorKind>>>(table: Table) {
  return (code: keyof Table & string, what: string, options?: ErrorOptions): AppError => {
    const kind = table[code];
    if (kind === undefined) throw new TypeError(`unknown error code ${code}`);
    return new AppError(code, kind, what, options);
  };
}

/** True for an `AppError`, of one of `codes` when any are given. */
export function isAppError(error: unknown, ...codes: readonly string[]): error is AppError {
  return error instanceof AppError && (codes.length === 0 || codes.includes(error.code));
}

/** `what (CODE): remedy` for a terminal or a log line; any other error keeps its own message. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) return `${error.message} [${error.code}]. ${error.kind.remedy}`;
  return error instanceof Error ? error.message : String(error);
}

/** Codes both programs raise: contract violations. */
export const SHARED_ERRORS = {
  MESSAGE_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Send what the schema asks for; the message names each field that is wrong.',
  },
  TOPIC_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Use the topics of the MQTT table in PROTOCOL; ids are [a-z0-9-]{1,64}.',
  },
  FILTER_INVALID: {
    retry: false,
    http: 400,
    remedy: 'Correct the filter at the character named: site == "bcn-1" and not tag:lab.',
  },
  MANIFEST_INVALID: { retry: false, http: 422, remedy: 'Rebuild the bundle with `fleetctl bundle build`.' },
  MANIFEST_TOO_NEW: {
    retry: false,
    http: 422,
    remedy: 'Update this program: the bundle was made for a newer one.',
  },
  ORDER_INVALID: {
    retry: false,
    http: 403,
    remedy: 'Check that the box is enrolled with this server, and its clock.',
  },
  ORDER_REPLAYED: {
    retry: false,
    http: 403,
    remedy:
      'Order the deployment again; if nobody restored the server from a backup, see who can write to the broker.',
  },
  COMMAND_EXPIRED: {
    retry: true,
    http: 410,
    remedy:
      'Send it again with more time (`--expires-sec`); see whether the device is connected, and its clock.',
  },
} as const satisfies Record<string, ErrorKind>;

export const sharedError = errorsOf(SHARED_ERRORS);
