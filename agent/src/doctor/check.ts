import type { Area, Check, Verdict } from './port.ts';

export type Note = (name: string, verdict: Verdict, found: string, advice?: string) => Check;

/** Writes checks of one area, and of one camera where it is about one. */
export function noteIn(area: Area, camera?: string): Note {
  return (name, verdict, found, advice) => ({
    area,
    ...(camera !== undefined && { camera }),
    name,
    verdict,
    found,
    ...(advice !== undefined && { advice }),
  });
}
