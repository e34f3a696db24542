/** `npm run attacks`: see test/security/attacks, which are not part of the program of the scripts. */
await import(new URL('../test/security/attacks/cli.ts', import.meta.url).href);
