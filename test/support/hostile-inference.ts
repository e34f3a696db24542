import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../fixtures/hostile-inference.ts');

/** Inference processes started until `befriend` is called do this with their first frame. */
export function turnHostile(deed: 'abort' | 'abort at graphs' | 'abort on cuda' | 'leak' | 'hang'): void {
  process.env.NODE_OPTIONS = `--import=${PROGRAM}`;
  process.env.HOSTILE = deed;
}

/** Processes started from here on are as they should be. */
export function befriend(): void {
  delete process.env.NODE_OPTIONS;
  delete process.env.HOSTILE;
}
