import { setTimeout as delay } from 'node:timers/promises';
import { type RolloutJournalEntry, RolloutView } from '@watchpost/shared/api/rollouts.ts';
import { isAppError } from '@watchpost/shared/kernel/errors.ts';
import type { ApiClient } from './api-client.ts';
import type { Command, CommandInput } from './command.ts';
import { parseSeconds } from './rollout-durations.ts';
import { findRollout, isOver, rolloutPath } from './rollout-names.ts';
import { loadJournal } from './rollout-show.ts';
import { formatCounts, formatJournalEntry, formatProgress, formatRollout } from './rollout-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';

/** A server that is started again is back within. */
const AWAY_LIMIT_MS = 5 * 60_000;
const ASK_AGAIN_MS = 2_000;

export const rolloutWatch: Command = {
  description: `Follows a rollout until it ends: on a terminal its groups are drawn again and again, elsewhere there is a line for
each change. Exit status: 0 it finished; 1 it was stopped, denied or rolled back, or an error of a group paused it. A rollout that a
person paused is followed on. Ctrl-C ends the watching, and leaves the rollout alone.`,
  positionals: ['ROLLOUT'],
  options: {
    ...SERVER_OPTIONS,
    every: { value: 'DURATION', description: 'how often the server is asked; default 2s' },
  },
  run: (input) => {
    const everyMs = Math.max(1, parseSeconds(input.values.text('every') ?? '2s', '--every')) * 1000;
    return withServer(input, async (api) => {
      const id = await findRollout(api, input.positionals[0] ?? '');
      const json = await follow(api, id, { progress: input.progress, everyMs });
      // The whole of it is told below: what was drawn last goes away.
      input.progress('', 'moving');
      return { text: formatRollout(json), json, isFailure: json.state !== 'finished' };
    });
  },
};

interface Watching extends Pick<CommandInput, 'progress'> {
  readonly everyMs: number;
}

/** @returns the rollout once nobody needs to watch it any more */
async function follow(api: ApiClient, id: string, { progress, everyMs }: Watching): Promise<RolloutView> {
  let seq = 0;
  let counts = '';
  let last: RolloutJournalEntry | undefined;
  for (;;) {
    const { entries, view } = await readNews(api, id, { after: seq, progress });
    for (const entry of entries.filter(({ subject }) => subject !== 'device'))
      for (const line of formatJournalEntry(entry)) progress(line, 'done');
    seq = entries.at(-1)?.seq ?? seq;
    last = entries.findLast(({ subject }) => subject === 'rollout') ?? last;
    if (isOver(view) || (view.state === 'paused' && last?.to === 'paused' && last.actor === 'planner'))
      return view;
    if (formatCounts(view) !== counts) progress(formatCounts(view), 'logged');
    counts = formatCounts(view);
    progress(formatProgress(view), 'moving');
    await delay(everyMs);
  }
}

interface News {
  readonly entries: readonly RolloutJournalEntry[];
  readonly view: RolloutView;
}

/** A server that is away for a moment is asked again. @throws AppError as the API, once it is away for long */
async function readNews(
  api: ApiClient,
  id: string,
  { after, progress }: Pick<CommandInput, 'progress'> & { readonly after: number },
): Promise<News> {
  const sinceMs = performance.now();
  for (;;) {
    try {
      // The journal last: it tells all that led to the view, after whose end nobody looks again.
      const view = await api.get(rolloutPath(id), RolloutView);
      return { entries: await loadJournal(api, id, after), view };
    } catch (error) {
      const isAway = isAppError(error) && error.kind.retry && performance.now() - sinceMs < AWAY_LIMIT_MS;
      if (!isAway) throw error;
      progress(`the server does not answer (${error.code}), asking again`, 'moving');
      await delay(ASK_AGAIN_MS);
    }
  }
}
