import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseModelRuns } from './onnx-profile.ts';

type Ort = typeof import('onnxruntime-node');
type Session = Awaited<ReturnType<Ort['InferenceSession']['create']>>;

/** The library as the agent's own modules load it. */
export const ort: Ort = createRequire(import.meta.resolve('@watchpost/agent/cli.ts'))('onnxruntime-node');

export interface Profiled {
  /** Ends the profile of the session that was opened meanwhile. @returns the time of each of its runs */
  endRuns(): Promise<readonly number[]>;
}

/**
 * Lets ONNX Runtime write a profile of the one session that `open` opens, whoever opens it: the library's own switch,
 * so that the code that opens it is the one a box runs. One at a time.
 */
export async function profileSession<Opened>(
  scratch: string,
  open: () => Promise<Opened>,
): Promise<Profiled & { readonly opened: Opened }> {
  const folder = await mkdtemp(join(scratch, 'profile-'));
  const { InferenceSession } = ort;
  const { create } = InferenceSession;
  const openIt: (path: string, options: object) => Promise<Session> = create.bind(InferenceSession);
  let endProfiling: () => void = () => undefined;
  const profiled: (path: string, options?: object) => Promise<Session> = async (path, options) => {
    const profile = { enableProfiling: true, profileFilePrefix: join(folder, 'runs') };
    const session = await openIt(path, { ...options, ...profile });
    endProfiling = () => session.endProfiling();
    return session;
  };
  Object.assign(InferenceSession, { create: profiled });
  try {
    const opened = await open();
    return {
      opened,
      endRuns: async () => {
        endProfiling();
        const [file = ''] = await readdir(folder);
        return parseModelRuns(await readFile(join(folder, file), 'utf8'));
      },
    };
  } finally {
    Object.assign(InferenceSession, { create });
  }
}
