import { join } from 'node:path';
import { writeFileAtomic } from '@watchpost/shared/kernel/files.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { createJsonParser } from '@watchpost/shared/kernel/parse.ts';
import Type, { type Static } from 'typebox';
import { loadRecord } from '../../kernel/record-file.ts';
import { HARDWARE_METHODS } from '../ffmpeg/decode-method.ts';
import type { VideoFormat } from './decode-choice.ts';

const Method = Type.Enum(['software', ...HARDWARE_METHODS]);
const DecodeRecord = Type.Record(
  Type.String(),
  Type.Object({
    method: Method,
    /** What the method was chosen from, those that failed included. */
    tried: Type.Array(Method),
    cpu01: Type.Record(Type.String(), Type.Number()),
  }),
);
type DecodeRecord = Static<typeof DecodeRecord>;
export type DecodeFinding = DecodeRecord[string];

const parseRecord = createJsonParser(DecodeRecord, 'decoders of the cameras');

/** What was measured on this box: a camera is decoded the same way as long as its video stays the same. */
export interface DecodeMemory {
  find(camera: string, format: VideoFormat): Promise<DecodeFinding | undefined>;
  /** A disk that fails costs a measurement at the next start, no more. */
  keep(camera: string, format: VideoFormat, finding: DecodeFinding): Promise<void>;
}

export function createFileDecodeMemory({
  dataDir,
  log,
}: {
  readonly dataDir: string;
  readonly log: Logger;
}): DecodeMemory {
  const path = join(dataDir, 'decoders.json');
  let record: Promise<DecodeRecord> | undefined;
  const load = (): Promise<DecodeRecord> => {
    record ??= loadRecord(path, parseRecord, log)
      .catch(() => undefined)
      .then((loaded) => loaded ?? {});
    return record;
  };
  return {
    find: async (camera, format) => (await load())[keyOf(camera, format)],
    keep: async (camera, format, finding) => {
      const next = { ...(await load()), [keyOf(camera, format)]: finding };
      record = Promise.resolve(next);
      await writeFileAtomic(path, JSON.stringify(next)).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'measured decoders were not kept');
      });
    },
  };
}

const keyOf = (camera: string, { codec, width, height }: VideoFormat): string =>
  `${camera} ${codec} ${width}x${height}`;
