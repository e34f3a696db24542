/** Name in a bundle folder beside the listed files. */
export const MANIFEST_FILE = 'manifest.json';

/** Relative, `/`-separated, no empty, `.` or `..` part, and not the manifest. */
export function isSafeBundlePath(path: string): boolean {
  if (path === MANIFEST_FILE || path.includes('\\') || path.includes('\0')) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
