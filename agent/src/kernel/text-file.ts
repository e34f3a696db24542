import { open } from 'node:fs/promises';

const SNIFFED_BYTES = 4096;

/**
 * Whether a file holds text: no zero byte at its head, which every picture and video has. ffmpeg paints text files on
 * a screen, and follows play lists to other files; neither is a recording.
 * @throws the file system's error when it cannot be read
 */
export async function isTextFile(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer: head, bytesRead } = await file.read({ buffer: Buffer.alloc(SNIFFED_BYTES) });
    return !head.subarray(0, bytesRead).includes(0);
  } finally {
    await file.close();
  }
}
