export interface LogRing {
  /** Takes one line of the log; its end of line is left out. */
  write(line: string): void;
  /** The newest lines, oldest first. */
  recent(lines: number): readonly string[];
}

export interface LogRingLimits {
  readonly lines: number;
  readonly chars: number;
  /** Of one line; what is longer is cut. */
  readonly lineChars: number;
}

const LIMITS: LogRingLimits = { lines: 2_000, chars: 1_000_000, lineChars: 8_000 };

/** The last words of this process, in memory: a box may have no journal, or one nobody can reach. */
export function createLogRing(limits: LogRingLimits = LIMITS): LogRing {
  const lines: string[] = [];
  let chars = 0;
  return {
    write: (text) => {
      const line = text.trimEnd().slice(0, limits.lineChars);
      lines.push(line);
      chars += line.length;
      while (lines.length > limits.lines || chars > limits.chars) chars -= lines.shift()?.length ?? 0;
    },
    recent: (count) => lines.slice(Math.max(0, lines.length - count)),
  };
}
