import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { withErrorCodes } from './docs/error-codes.ts';

/** Brings the generated parts of README.md up to date: `npm run docs`. */
const README = fileURLToPath(new URL('../README.md', import.meta.url));
await writeFile(README, withErrorCodes(await readFile(README, 'utf8')));
