import { noteIn } from './check.ts';
import { diagnoseReach } from './diagnose-connection.ts';
import type { Check, Connection, Sighting, StreamFormat } from './port.ts';
import { findUrlMistakes } from './url-mistakes.ts';

export interface CameraFacts {
  readonly id: string;
  /** Of a network camera that streams. */
  readonly url?: string;
  /** Of a network camera that gives single pictures. */
  readonly stillUrl?: string;
  /** What is set: frames classified a second. */
  readonly fps: number;
  readonly reach?: Connection;
  /** Undefined where it was not even tried. */
  readonly sighting?: Sighting;
  readonly format?: StreamFormat;
}

/** A V4L2 device is opened by one program at a time. */
const IN_USE = /Device or resource busy/;
const NO_FSWEBCAM = /fswebcam is not installed/;
const DARK_MEAN = 8;
const FLAT_VARIANCE = 5;
const SLOW_FIRST_PICTURE_MS = 10_000;
const LARGE_PIXELS = 1920 * 1080;
const FAST_ENOUGH = 0.7;

export function diagnoseCamera(facts: CameraFacts): readonly Check[] {
  return [
    ...diagnoseUrl(facts),
    ...(facts.reach === undefined ? [] : [diagnoseReach(facts.id, facts.reach)]),
    ...diagnoseSighting(facts),
    ...diagnoseFormat(facts),
  ];
}

function diagnoseUrl({ id, url, stillUrl, sighting }: CameraFacts): readonly Check[] {
  // What works is not a mistake, however odd it looks.
  const address = url ?? stillUrl;
  if (address === undefined || sighting?.kind === 'seen') return [];
  return findUrlMistakes(address, stillUrl === undefined ? 'stream' : 'pictures').map(({ found, advice }) =>
    noteIn('cameras', id)('address', 'problem', found, advice),
  );
}

function diagnoseSighting({ id, sighting, fps, url }: CameraFacts): readonly Check[] {
  const note = noteIn('cameras', id);
  if (sighting === undefined)
    return [note('stream', 'skipped', 'not opened, since the camera is not reached')];
  if (sighting.kind === 'failed' && IN_USE.test(sighting.detail))
    return [
      note(
        'stream',
        'skipped',
        'the device is in use, by the agent most likely',
        'Stop the agent and run doctor again.',
      ),
    ];
  if (sighting.kind === 'failed') {
    const remedy = NO_FSWEBCAM.test(sighting.detail)
      ? 'Install it: `apt-get install fswebcam`.'
      : sighting.remedy;
    return [note('stream', 'problem', `${sighting.detail} (${sighting.code})`, remedy)];
  }
  const firstSec = (sighting.firstPictureMs / 1000).toFixed(1);
  const opened = `opened, first picture after ${firstSec} s`;
  const isSlow = sighting.firstPictureMs > SLOW_FIRST_PICTURE_MS;
  return [
    isSlow && url !== undefined
      ? note(
          'stream',
          'warning',
          opened,
          'Set the key frame interval of the camera (GOP) to one or two seconds.',
        )
      : note('stream', 'ok', opened),
    diagnosePicture(id, sighting),
    diagnosePace(id, sighting, fps),
  ];
}

function diagnosePicture(id: string, sighting: Extract<Sighting, { kind: 'seen' }>): Check {
  const note = noteIn('cameras', id);
  const { mean, variance, isMoving, watchedMs } = sighting;
  if (mean < DARK_MEAN)
    return note(
      'picture',
      'problem',
      'the picture is black',
      'Check the lens cap, the light, and the night mode of the camera.',
    );
  if (variance < FLAT_VARIANCE)
    return note('picture', 'problem', 'the picture is of one colour', 'Check that nothing covers the lens.');
  const seconds = (watchedMs / 1000).toFixed(0);
  return isMoving
    ? note('picture', 'ok', `clear and alive, mean brightness ${mean.toFixed(0)} of 255`)
    : note(
        'picture',
        'warning',
        `not one pixel changed in ${seconds} s: the picture is frozen`,
        'Restart the camera; real sensors always have some noise.',
      );
}

function diagnosePace(id: string, { framesPerSec }: Extract<Sighting, { kind: 'seen' }>, fps: number): Check {
  const note = noteIn('cameras', id);
  const found = `${framesPerSec.toFixed(1)} of ${fps} frames a second`;
  return framesPerSec >= fps * FAST_ENOUGH
    ? note('pace', 'ok', found)
    : note(
        'pace',
        'warning',
        found,
        'The camera sends fewer, the network loses some, or this box is too busy: lower fps, or use the substream.',
      );
}

function diagnoseFormat({ id, format, url }: CameraFacts): readonly Check[] {
  if (format === undefined) return [];
  const { codec, width, height, framesPerSec } = format;
  const pace = framesPerSec === undefined ? '' : `, ${Number(framesPerSec.toFixed(1))} frames a second`;
  const found = `${codec}, ${width}x${height}${pace}`;
  const note = noteIn('cameras', id);
  return url !== undefined && width * height > LARGE_PIXELS
    ? [
        note(
          'format',
          'warning',
          found,
          'Decoding this takes most of the work: use the substream of the camera (640x360 is plenty).',
        ),
      ]
    : [note('format', 'ok', found)];
}
