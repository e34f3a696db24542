import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AppError, describeError } from '@watchpost/shared/kernel/errors.ts';
import { DIAGNOSTICS_PARTS } from '@watchpost/shared/messages/command.ts';
import type { Clock } from '../kernel/clock.ts';
import type { RunCommand, SendEvidence } from './port.ts';
import { redactText } from './redact-text.ts';

export interface DiagnosticsDeps {
  /** JSON: who this is and what runs, in every bundle. */
  readonly about: () => object;
  /** The report of `watchpost-agent doctor`. */
  readonly examine: (signal: AbortSignal) => Promise<object>;
  /** The newest lines of the log, oldest first. */
  readonly recentLog: (lines: number) => readonly string[];
  /** As the box is set now. */
  readonly settings: () => Promise<object>;
  /** What the box has written down of itself, by name of the file. */
  readonly records: () => Promise<object>;
  readonly send: SendEvidence;
  readonly clock: Pick<Clock, 'wallMs'>;
}

const DEFAULT_LINES = 500;
const compress = promisify(gzip);

/** One JSON document, compressed, without what opens anything. A part that cannot be had says why in its place. */
export function createDiagnostics(deps: DiagnosticsDeps): RunCommand<'diagnostics'> {
  return async ({ parts = [...DIAGNOSTICS_PARTS], lines = DEFAULT_LINES }, { id, signal }) => {
    const gather = {
      doctor: () => deps.examine(signal),
      log: async () => deps.recentLog(lines),
      settings: deps.settings,
      records: deps.records,
    };
    const found = new Map<string, unknown>();
    for (const part of parts) found.set(part, await gather[part]().catch(explain));
    const bundle = { madeAtMs: deps.clock.wallMs(), about: deps.about(), ...Object.fromEntries(found) };
    const bytes = await compress(redactText(JSON.stringify(bundle)));
    await deps.send(id, { contentType: 'application/gzip', bytes }, signal);
    return { result: { parts, sizeBytes: bytes.length } };
  };
}

function explain(error: unknown): object {
  if (!(error instanceof AppError)) throw error;
  return { error: describeError(error), code: error.code };
}
