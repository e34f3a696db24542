import {
  RolloutExplanation,
  RolloutJournalPage,
  RolloutMemberPage,
  type RolloutMemberView,
  RolloutView,
} from '@watchpost/shared/api/rollouts.ts';
import { ROLLOUT_GATES } from '@watchpost/shared/rollout/gates.ts';
import type { ApiClient } from './api-client.ts';
import type { Command } from './command.ts';
import { printable } from './deployment-text.ts';
import { findRollout, loadRollouts, rolloutPath } from './rollout-names.ts';
import { formatGates, formatJournalEntry, formatRollout, formatRollouts, stateText } from './rollout-text.ts';
import { SERVER_OPTIONS, withServer } from './server-access.ts';
import { fitTable, formatTable, wrapText } from './table.ts';

const WIDTH = 100;
const NAMED = 'A rollout is named by its id, or by its name.';

export const rolloutList: Command = {
  description: 'Lists rollouts, newest first.',
  positionals: [],
  options: { ...SERVER_OPTIONS, limit: { value: 'N', description: 'how many at most; default 20' } },
  run: async (input) => {
    const limit = Math.max(1, input.values.integer('limit', 20));
    const rollouts = await withServer(input, (api) => loadRollouts(api, limit));
    return { text: formatRollouts(rollouts), json: { rollouts } };
  },
};

export const rolloutStatus: Command = {
  description: `Shows how a rollout stands, group by group: devices, executed (succeeded or failed), in work, waiting; what
those that wait are held by; and what the gates of a soaking group say. ${NAMED}`,
  positionals: ['ROLLOUT'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, (api) => load(api, input.positionals[0]));
    return { text: formatRollout(json), json };
  },
};

export const rolloutExplain: Command = {
  description: `Says in words why a rollout does not go on, the most telling first. ${NAMED}`,
  positionals: ['ROLLOUT'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const json = await withServer(input, async (api) => {
      const id = await findRollout(api, input.positionals[0] ?? '');
      return api.get(`${rolloutPath(id)}/explain`, RolloutExplanation);
    });
    const head = `${json.name} is ${stateText(json.state)}.`;
    const lines = json.lines.flatMap((line) =>
      wrapText(line, WIDTH - 2).map((part, index) => `${index === 0 ? '- ' : '  '}${part}`),
    );
    return { text: [head, ...lines].map(printable).join('\n'), json };
  },
};

export const rolloutJournal: Command = {
  description: `Shows every transition of a rollout and its groups, and why; with --devices those of its devices too. ${NAMED}`,
  positionals: ['ROLLOUT'],
  options: { ...SERVER_OPTIONS, devices: { description: 'transitions of devices too' } },
  run: async (input) => {
    const withDevices = input.values.isSet('devices');
    const entries = await withServer(input, async (api) => {
      const id = await findRollout(api, input.positionals[0] ?? '');
      return loadJournal(api, id, 0);
    });
    const shown = entries.filter(({ subject }) => withDevices || subject !== 'device');
    return { text: shown.flatMap(formatJournalEntry).join('\n'), json: { entries: shown } };
  },
};

export const rolloutDevices: Command = {
  description: `Lists the devices of a rollout in the order in which they are taken, with what came of each. ${NAMED}`,
  positionals: ['ROLLOUT'],
  options: {
    ...SERVER_OPTIONS,
    group: { value: 'N', description: 'only this group, counted from 1' },
    state: { value: 'STATE', description: 'only in this state: failure, rejected, rolled_back, testing, …' },
    limit: { value: 'N', description: 'how many at most; default 100' },
  },
  run: async (input) => {
    const { values, positionals } = input;
    const limit = Math.min(1000, Math.max(1, values.integer('limit', 100)));
    const search = new URLSearchParams({ limit: String(limit) });
    for (const key of ['group', 'state']) search.set(key, values.text(key) ?? '');
    for (const [key, value] of [...search]) if (value === '') search.delete(key);
    const json = await withServer(input, async (api) => {
      const id = await findRollout(api, positionals[0] ?? '');
      return api.get(`${rolloutPath(id)}/members?${search}`, RolloutMemberPage);
    });
    return { text: formatMembers(json.members), json };
  },
};

export const rolloutGates: Command = {
  description: `Lists the gates a policy can have, with the limit each has unless one is given; with a rollout, what the gates of its
soaking group say. ${NAMED}`,
  positionals: ['[ROLLOUT]'],
  options: SERVER_OPTIONS,
  run: async (input) => {
    const [text] = input.positionals;
    if (text === undefined) return { text: formatGateTable(), json: { gates: ROLLOUT_GATES } };
    const { gates } = await withServer(input, (api) => load(api, text));
    const lines =
      gates.length === 0 ? ['no group soaks, or the policy has no gates'] : formatGates({ gates });
    return { text: lines.map(printable).join('\n'), json: { gates } };
  },
};

const load = async (api: ApiClient, text = ''): Promise<RolloutView> =>
  api.get(rolloutPath(await findRollout(api, text)), RolloutView);

/** What was written after entry `after`, oldest first. */
export async function loadJournal(
  api: ApiClient,
  id: string,
  after: number,
): Promise<RolloutJournalPage['entries']> {
  const found: RolloutJournalPage['entries'] = [];
  let next: number | undefined = after;
  while (next !== undefined) {
    const path: string = `${rolloutPath(id)}/journal?after=${next}&limit=500`;
    const page: RolloutJournalPage = await api.get(path, RolloutJournalPage);
    found.push(...page.entries);
    next = page.next;
  }
  return found;
}

function formatMembers(members: readonly RolloutMemberView[]): string {
  const rows = members.map(({ deviceId, group, state, attempts, reason, detail, restore }) => [
    deviceId,
    String(group),
    stateText(state) + (restore === undefined ? '' : `, back: ${stateText(restore.state)}`),
    String(attempts),
    printable([reason, detail].filter((part) => part !== undefined).join(': ')),
  ]);
  return fitTable(['DEVICE', 'GROUP', 'STATE', 'TRIES', 'WHY'], rows, WIDTH);
}

const UNHEARD = ' (no device tells it yet)';

function formatGateTable(): string {
  const rows = Object.entries(ROLLOUT_GATES).flatMap(([gate, { limit, unit, meaning, kind }]) =>
    wrapText(`${meaning}${kind === 'unheard' ? UNHEARD : ''}`, 60).map((line, index) =>
      index === 0 ? [gate, `${limit} ${unit}`, line] : ['', '', line],
    ),
  );
  return formatTable(['GATE', 'LIMIT', 'WHAT MUST HOLD'], rows);
}
