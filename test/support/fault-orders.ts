/**
 * How a file operation goes wrong. `kill`, `kill after` and `tear` end the process: before it, after it, and in the
 * middle of its bytes; `stop` halts it there until somebody lets it go on. The others are what the system answers; a full disk and a read-only one stay so.
 */
export type FileFault = 'kill' | 'kill after' | 'tear' | 'stop' | 'ENOSPC' | 'EROFS' | 'EIO';

/** Which operation: its name as `nameOperation` tells it (`*`: whichever), and how often that name has come by. */
export interface FaultPoint {
  readonly name: string;
  readonly nth: number;
}

/** What a test tells the preload of an agent, at its start or while it runs. */
export type FaultOrder =
  /** Writes every operation below `folder` that changes files into `file`, from now on. */
  | { readonly kind: 'trace'; readonly folder: string; readonly file: string }
  /** Counts anew, below the folder that is traced. */
  | { readonly kind: 'arm'; readonly point: FaultPoint; readonly fault: FileFault }
  | { readonly kind: 'disarm' }
  /** The wall clock of the process: shifted, and running `rate` times as fast from now on. */
  | { readonly kind: 'clock'; readonly offsetMs: number; readonly rate: number }
  /** Collects what nothing refers to any more: what is left is held. */
  | { readonly kind: 'collect' }
  | { readonly kind: 'ask' };

/** What the preload answers each order with. */
export interface FaultReply {
  readonly kind: 'ordered';
  /** Whether the fault that was armed has struck. */
  readonly struck: boolean;
}

/** One operation that changes files. Paths are relative to the folder that is traced. */
export interface FileOperation {
  readonly op:
    | 'open'
    | 'write'
    | 'sync'
    | 'truncate'
    | 'rename'
    | 'link'
    | 'copy'
    | 'mkdir'
    | 'remove'
    | 'mode';
  readonly path: string;
  /** Where a rename goes to; where a link or a copy comes from. */
  readonly to?: string;
  /** Of a file that was synced: what it held, base64. */
  readonly synced?: string;
}

/** Files named by a sighting or a model of one box: pictures, and graphs that were made ready. */
const NAMED_BY_CONTENT = [
  [/evidence\/[\d-]+\/[^/ ]+\/\d+_-?\d+(\.due)?\.jpg/g, 'evidence/*.jpg'],
  [/graphs\/[0-9a-f]{64}-[0-9a-f]+-[0-9a-f]{64}/g, 'graphs/*'],
] as const;

/** @param text holds paths, relative to the data folder */
export const maskContentNames = (text: string): string =>
  NAMED_BY_CONTENT.reduce((masked, [pattern, name]) => masked.replace(pattern, name), text);

/** The same for the same step of another update: digests, random names and times are left out. */
export function nameOperation({ op, path, to }: FileOperation): string {
  const name = `${op} ${path === '' ? '.' : path}${to === undefined ? '' : ` (${to})`}`;
  return maskContentNames(name)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '*')
    .replace(/[0-9a-f]{64}/g, '#')
    .replace(/\d{10,}/g, '@');
}

/** Environment variable with the orders of the start, as JSON. */
export const ORDERS_VARIABLE = 'FAULT_ORDERS';
