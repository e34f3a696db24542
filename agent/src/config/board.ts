import { createParser } from '@watchpost/shared/kernel/parse.ts';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const Names = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 });

/** What suits one kind of board: settings of agent.yaml, and how to tell that board. */
export const BoardProfile = Type.Object(
  {
    /** Parts of what the board says of itself, any of which is enough. Without it the profile suits every board. */
    match: Type.Optional(
      Type.Object({ deviceTree: Type.Optional(Names), processor: Type.Optional(Names) }, closed),
    ),
    settings: Type.Object({}),
  },
  closed,
);
export type BoardProfile = Readonly<Static<typeof BoardProfile>>;

/** @throws AppError MESSAGE_INVALID */
export const parseBoardProfile = createParser(BoardProfile, 'board profile');

/** What a board says of itself; empty where it says nothing. */
export interface Board {
  /** `model` of the device tree: boards with an ARM processor have one. */
  readonly deviceTree: string;
  /** Name of the processor, as /proc/cpuinfo has it. */
  readonly processor: string;
}

/** The first profile that names this board, else the first for every board. */
export function chooseProfile<Profile extends BoardProfile>(
  profiles: readonly Profile[],
  board: Board,
): Profile | undefined {
  const names = ({ match }: Profile): boolean =>
    contains(board.deviceTree, match?.deviceTree) || contains(board.processor, match?.processor);
  return profiles.find(names) ?? profiles.find(({ match }) => match === undefined);
}

function contains(text: string, parts: readonly string[] = []): boolean {
  return parts.some((part) => text.includes(part));
}
