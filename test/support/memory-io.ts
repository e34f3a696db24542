import { Writable } from 'node:stream';

/** Standard streams of a command that runs in this process, and what was written to them. */
export function memoryIo() {
  const written = { stdout: '', stderr: '' };
  const streamOf = (name: keyof typeof written): Writable =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += String(chunk);
        done();
      },
    });
  return { io: { stdout: streamOf('stdout'), stderr: streamOf('stderr') }, written };
}
