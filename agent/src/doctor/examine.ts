import { once } from 'node:events';
import { noteIn } from './check.ts';
import type { Check, Examination, Report } from './port.ts';
import { composeReport } from './report.ts';

export interface ExamineOptions {
  /** Told what is looked at, as it begins. */
  readonly onBegin: (title: string) => void;
  /** Default: two minutes for each. */
  readonly limitMs?: number;
  /** Ends the one that is being made; nothing more is begun. */
  readonly signal?: AbortSignal;
}

const LIMIT_MS = 120_000;
/** For what was told to end; a disk that hangs does not listen. */
const GRACE_MS = 5_000;
/** Cameras that are opened at the same time: enough to be quick, few enough to leave the agent its pace. */
const CAMERAS_AT_ONCE = 4;

/** One examination after the other, the cameras a few at a time. One that breaks keeps no other from being made. */
export async function examineAll(
  examinations: readonly Examination[],
  options: ExamineOptions,
): Promise<Report> {
  const ofCameras = examinations.filter(({ camera }) => camera !== undefined);
  const checks: (readonly Check[])[] = [];
  for (const examination of examinations.filter(({ camera }) => camera === undefined))
    checks.push(await examineOne(examination, options));
  for (let next = 0; next < ofCameras.length; next += CAMERAS_AT_ONCE) {
    const batch = ofCameras.slice(next, next + CAMERAS_AT_ONCE);
    checks.push(...(await Promise.all(batch.map((examination) => examineOne(examination, options)))));
  }
  return composeReport(checks.flat());
}

async function examineOne(
  { area, camera, title, examine }: Examination,
  { onBegin, limitMs = LIMIT_MS, signal }: ExamineOptions,
): Promise<readonly Check[]> {
  if (signal?.aborted) return [];
  onBegin(title);
  try {
    const limits = [AbortSignal.timeout(limitMs), ...(signal === undefined ? [] : [signal])];
    return await Promise.race([examine(AbortSignal.any(limits)), giveUp(limitMs + GRACE_MS)]);
  } catch (error) {
    const found = `could not be looked at: ${error instanceof Error ? error.message : String(error)}`;
    return [noteIn(area, camera)('examination', 'warning', found)];
  }
}

async function giveUp(afterMs: number): Promise<never> {
  await once(AbortSignal.timeout(afterMs), 'abort');
  throw new Error(`it takes longer than ${Math.round(afterMs / 1000)} s`);
}
