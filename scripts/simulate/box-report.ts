/** What the boxes of a process did since they began, and how they stand. */
export interface HostCounters {
  readonly boxes: number;
  readonly up: number;
  /** Switched off, not merely waiting for their next try. */
  readonly away: number;
  readonly inWork: number;
  /** Numbered messages no receipt covers yet; of all boxes, and of those that are connected. */
  readonly held: number;
  readonly heldByUp: number;
  /** Numbered messages sent, each time, and those a receipt covered. */
  readonly sent: number;
  readonly receipted: number;
  readonly live: number;
  readonly ordersTaken: number;
  readonly ordersRefused: number;
  readonly connects: number;
  readonly losses: number;
  /** Connections the broker refused. */
  readonly refusals: number;
  readonly rssBytes: number;
}

export interface OrderTaken {
  readonly deploymentId: string;
  readonly digest: string;
  readonly receivedAtMs: number;
}

/** One box at the end. */
export interface BoxSummary {
  readonly id: string;
  readonly isUp: boolean;
  /** Of what classifies. */
  readonly digest?: string;
  readonly told?: { readonly deploymentId: string; readonly state: string };
  readonly receipted: readonly {
    readonly epoch: string;
    readonly stream: string;
    readonly count: number;
    readonly upTo: number;
  }[];
  readonly taken: readonly OrderTaken[];
}

export function addCounters(all: readonly HostCounters[]): HostCounters {
  const sum = (key: keyof HostCounters): number => all.reduce((total, each) => total + each[key], 0);
  return {
    boxes: sum('boxes'),
    up: sum('up'),
    away: sum('away'),
    inWork: sum('inWork'),
    held: sum('held'),
    heldByUp: sum('heldByUp'),
    sent: sum('sent'),
    receipted: sum('receipted'),
    live: sum('live'),
    ordersTaken: sum('ordersTaken'),
    ordersRefused: sum('ordersRefused'),
    connects: sum('connects'),
    losses: sum('losses'),
    refusals: sum('refusals'),
    rssBytes: sum('rssBytes'),
  };
}
