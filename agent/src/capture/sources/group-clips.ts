import type { Clip } from './clip.ts';

const VIDEOS =
  /\.(mp4|m4v|mov|mkv|webm|avi|wmv|flv|3gp|ts|mts|m2ts|mpe?g|mjpe?g|h264|264|avc|h265|265|hevc)$/i;
const PICTURES = /\.(jpe?g|png|bmp|webp|tiff?)$/i;
const FORMATS: Readonly<Record<string, string>> = { jpeg: 'jpg', tiff: 'tif' };

/** A number within a name counts as a number: 9.jpg comes before 10.jpg. */
const { compare } = new Intl.Collator('en', { numeric: true });

/**
 * Videos and pictures in the order of their names; pictures of one format that follow each other are one clip. What is
 * neither is passed over, and so is what is hidden, and a name a playlist cannot hold.
 */
export function groupClips(names: readonly string[]): readonly Clip[] {
  const clips: Clip[] = [];
  let run: { readonly format: string; readonly paths: string[] } | undefined;
  for (const name of names.filter(isPlayable).toSorted((a, b) => compare(a, b) || (a < b ? -1 : 1))) {
    const format = formatOf(name);
    if (VIDEOS.test(name)) {
      run = undefined;
      clips.push({ kind: 'video', path: name });
    } else if (run?.format === format) run.paths.push(name);
    else {
      run = { format, paths: [name] };
      clips.push({ kind: 'pictures', paths: run.paths });
    }
  }
  return clips;
}

const isPlayable = (name: string): boolean =>
  !name.startsWith('.') && !/[\r\n]/.test(name) && (VIDEOS.test(name) || PICTURES.test(name));

function formatOf(name: string): string {
  const extension = PICTURES.exec(name)?.[1]?.toLowerCase() ?? '';
  return FORMATS[extension] ?? extension;
}
