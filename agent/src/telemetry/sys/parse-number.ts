/** The number a text is, and nothing else; undefined for `[N/A]` and the like. */
export function parseNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  if (!trimmed) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}
