/** Columns as wide as their widest cell, two spaces apart. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As `formatTable`, within `width` columns: the widest cells are cut, and end in `…`. */
export function fitTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const gaps = 2 * (header.length - 1);
  while (widths.reduce((sum, one) => sum + one, gaps) > width) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const cut = (line: readonly string[]): readonly string[] =>
    line.map((cell, column) => cutText(cell, widths[column] ?? 0));
  return formatTable(cut(header), rows.map(cut));
}

const cutText = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

/** Lines of at most `width` columns, broken between words; a longer word stands alone. Empty lines part paragraphs. */
export function wrapText(text: string, width: number): readonly string[] {
  return text
    .split(/\n{2,}/)
    .flatMap((paragraph, index) => [...(index === 0 ? [] : ['']), ...wrapParagraph(paragraph, width)]);
}

function wrapParagraph(paragraph: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of paragraph.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
