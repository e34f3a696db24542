import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@watchpost/shared/kernel/errors.ts';
import { syncFolder } from '@watchpost/shared/kernel/files.ts';
import { createTurns } from '@watchpost/shared/kernel/in-turn.ts';
import type { Logger } from '@watchpost/shared/kernel/log.ts';
import { loadRecord } from '../kernel/record-file.ts';
import { storeError } from '../kernel/store-error.ts';
import { parseFormerSlots } from './former-records.ts';
import { isOnTrial, planSwitch, type Slot, type Slots, withoutChallenger } from './slots.ts';
import { parseSlots, saveRecord } from './state-files.ts';

/**
 * The slots as files of one folder. A switch and the way back are renames of files written beforehand; that there is a
 * file to go back to says that the champion is on trial. All take turns: on a disk that hangs, work that was given up
 * may be in the midst of a change, and whoever goes on from there sees what came of it.
 */
export interface FileSlots {
  read(): Promise<Slots>;
  /** Also when the switch was only prepared. */
  readBack(): Promise<Slots | undefined>;
  save(slots: Slots): Promise<void>;
  /** Beside what the slots are when it is its turn. */
  saveChallenger(challenger: Slot | undefined): Promise<void>;
  prepare(challenger: Slot): Promise<void>;
  commit(): Promise<void>;
  takeBack(): Promise<void>;
  /** The champion has proved itself. */
  endTrial(): Promise<void>;
  /** As they were when a champion proved itself last, for the case that `read` finds nothing. */
  readProved(): Promise<Slots | undefined>;
}

export function openFileSlots(dataDir: string, log: Logger): FileSlots {
  const paths = {
    slots: join(dataDir, 'slots.json'),
    next: join(dataDir, 'slots.next.json'),
    back: join(dataDir, 'slots.back.json'),
    proved: join(dataDir, 'slots.proved.json'),
    former: join(dataDir, 'active.json'),
  };
  const move = async (from: string): Promise<void> => {
    await rename(from, paths.slots);
    await syncFolder(dataDir);
  };
  const read = async (): Promise<Slots> =>
    (await loadRecord(paths.slots, parseSlots, log)) ?? (await adopt(paths, log));
  const readBack = () => loadRecord(paths.back, parseSlots, log);
  const saveChallenger = async (challenger: Slot | undefined): Promise<void> => {
    const before = await read();
    if (challenger === undefined && before.challenger === undefined) return;
    await saveRecord(paths.slots, { ...withoutChallenger(before), ...(challenger && { challenger }) });
  };
  const prepare = async (challenger: Slot): Promise<void> => {
    const [slots, back] = [await read(), await readBack()];
    const plan = planSwitch(slots, isOnTrial(slots, back) ? back : undefined, challenger);
    await saveRecord(paths.next, plan.next);
    await saveRecord(paths.back, plan.back);
  };
  const endTrial = async (): Promise<void> => {
    await rm(paths.back, { force: true });
    await syncFolder(dataDir);
    await saveSpare(paths.proved, await read(), log);
  };
  const inTurn = createTurns();
  return {
    read: () => inTurn(read),
    readBack: () => inTurn(readBack),
    save: (slots) => inTurn(() => saveRecord(paths.slots, slots)),
    saveChallenger: (challenger) => inTurn(() => saveChallenger(challenger)),
    prepare: (challenger) => inTurn(() => prepare(challenger)),
    commit: () => inTurn(() => move(paths.next)),
    takeBack: () => inTurn(() => move(paths.back)),
    endTrial: () => inTurn(endTrial),
    readProved: () => inTurn(() => loadRecord(paths.proved, parseSlots, log)),
  };
}

/** A copy nobody may ever need: that there is no room for it keeps nothing from going on. */
async function saveSpare(path: string, slots: Slots, log: Logger): Promise<void> {
  try {
    await saveRecord(path, slots);
  } catch (error) {
    log.warn({ error: describeError(storeError(`writing ${path}`, error)) }, 'copy of the slots not saved');
  }
}

/** What an agent of before wrote, taken over once; what it left when this fails is taken over the next time. */
async function adopt(
  { slots, former }: { readonly slots: string; readonly former: string },
  log: Logger,
): Promise<Slots> {
  const adopted = await loadRecord(former, parseFormerSlots, log);
  if (adopted === undefined) return {};
  try {
    await saveRecord(slots, adopted);
    await rm(former, { force: true });
  } catch (error) {
    log.warn({ error: describeError(storeError(`writing ${slots}`, error)) }, 'slots not saved');
  }
  return adopted;
}
