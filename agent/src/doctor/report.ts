import { AREAS, type Check, type Report, type Verdict } from './port.ts';

const COLUMNS = 100;
const VERDICT_COLUMNS = 9;
const NAME_COLUMNS = 16;
const INDENT = ' '.repeat(2 + VERDICT_COLUMNS + NAME_COLUMNS);
const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  warning: 'warning',
  problem: 'PROBLEM',
  skipped: 'skipped',
};

/** In the order of the areas; within one, in the order they were found. */
export function composeReport(checks: readonly Check[]): Report {
  const has = (verdict: Verdict): boolean => checks.some((check) => check.verdict === verdict);
  const worst = has('problem') ? 'problem' : has('warning') ? 'warning' : 'ok';
  const sorted = AREAS.flatMap((area) => checks.filter((check) => check.area === area));
  return { checks: sorted, verdict: worst };
}

/** For people: grouped by area and camera, within 100 columns. */
export function formatReport({ checks }: Report): string {
  const titles = [...new Set(checks.map(titleOf))];
  const groups = titles.map((title) => {
    const lines = checks.filter((check) => titleOf(check) === title).flatMap(formatCheck);
    return [title, ...lines, ''].join('\n');
  });
  return `${groups.join('\n')}\n${summarise(checks)}\n`;
}

const titleOf = ({ area, camera }: Check): string => (camera === undefined ? area : `camera ${camera}`);

function formatCheck({ verdict, name, found, advice }: Check): readonly string[] {
  const [first = '', ...rest] = wrap(found);
  const head = `  ${WORDS[verdict].padEnd(VERDICT_COLUMNS)}${name.padEnd(NAME_COLUMNS)}${first}`;
  const todo = advice === undefined ? [] : wrap(`-> ${advice}`);
  return [head, ...[...rest, ...todo].map((line) => `${INDENT}${line}`)];
}

/** Lines of the width that is left; a word longer than that is cut. */
function wrap(text: string): readonly string[] {
  const width = COLUMNS - INDENT.length;
  const cut = new RegExp(`.{1,${width}}`, 'g');
  return text.split('\n').flatMap((paragraph) => {
    const words = paragraph.split(/\s+/).flatMap((word) => word.match(cut) ?? []);
    const lines: string[] = [];
    for (const word of words) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width)
        lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
}

function summarise(checks: readonly Check[]): string {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  const [problems, warnings, skipped] = [count('problem'), count('warning'), count('skipped')];
  const skips = skipped === 0 ? '' : `, ${skipped} skipped`;
  if (problems + warnings === 0) return `all is well: ${checks.length} checks${skips}`;
  return `${plural(problems, 'problem')}, ${plural(warnings, 'warning')} in ${checks.length} checks${skips}`;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
