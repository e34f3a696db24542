/** The sections of "Model Cards for Model Reporting" (Mitchell et al. 2019), in its order. */
export const MODEL_CARD_SECTIONS = [
  'Model details',
  'Intended use',
  'Factors',
  'Metrics',
  'Evaluation data',
  'Training data',
  'Quantitative analyses',
  'Ethical considerations',
  'Caveats and recommendations',
] as const;
export type ModelCardSection = (typeof MODEL_CARD_SECTIONS)[number];

const HEADING = /^#{1,6}[ \t]+(?:\d+[.)]?[ \t]+)?(.+?)[ \t#]*$/;
const UNDERLINE = /^(?:=+|-+)[ \t]*$/;

/** The sections no heading of the Markdown text names; numbers before a heading and its case do not matter. */
export function findMissingSections(markdown: string): readonly ModelCardSection[] {
  const headings = new Set(readHeadings(markdown).map((heading) => heading.toLowerCase()));
  return MODEL_CARD_SECTIONS.filter((section) => !headings.has(section.toLowerCase()));
}

/** `## Text` and text underlined with = or -; what stands in a fence of code is no heading. */
function readHeadings(markdown: string): readonly string[] {
  let isCode = false;
  let above = '';
  const headings: string[] = [];
  for (const line of markdown.split(/\r?\n/)) {
    if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
    if (!isCode) {
      const [, heading] = HEADING.exec(line) ?? [];
      if (heading !== undefined) headings.push(heading);
      else if (UNDERLINE.test(line) && above !== '') headings.push(above.replace(/^\d+[.)]?[ \t]+/, ''));
    }
    above = line.trim();
  }
  return headings;
}
