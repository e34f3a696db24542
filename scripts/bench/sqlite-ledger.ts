import Database from 'better-sqlite3';

/** What boxes say of one stream of numbers: so many were receipted, up to there. */
export interface ReceiptedStream {
  readonly deviceId: string;
  readonly epoch: string;
  readonly stream: string;
  readonly count: number;
  readonly upTo: number;
}

export interface StoredDeployment {
  readonly id: string;
  readonly deviceId: string;
  readonly digest: string;
  readonly state: string;
  readonly createdAtMs: number;
}

/** The books of a server that has stopped, read beside it: what it stored against what it promised. */
export interface Ledger {
  /** Receipted and not stored, stored twice, and those that did not fit their schema. */
  countMessages(receipted: readonly ReceiptedStream[]): {
    readonly lost: number;
    readonly twice: number;
    readonly rejected: number;
  };
  deployments(): readonly StoredDeployment[];
  close(): void;
}

const TABLES = {
  event: 'events',
  deployment: 'deployment_changes',
  telemetry: 'telemetry_summaries',
} as const;

interface NumberRow {
  readonly device_id: string;
  readonly epoch: string;
  readonly seq: number;
  readonly copies: number;
}

export function openLedger(path: string): Ledger {
  const db = new Database(path, { readonly: true });
  const numbersOf = (table: string): IterableIterator<NumberRow> =>
    db
      .prepare<[], NumberRow>(
        `SELECT device_id, epoch, seq, count(*) AS copies FROM ${table} GROUP BY device_id, epoch, seq`,
      )
      .iterate();
  return {
    countMessages: (receipted) => {
      const promised = new Map(
        receipted.map((each) => [`${each.deviceId}/${each.epoch}/${each.stream}`, each]),
      );
      const found = new Map<string, number>();
      let twice = 0;
      for (const [stream, table] of Object.entries(TABLES)) {
        for (const { device_id, epoch, seq, copies } of numbersOf(table)) {
          const key = `${device_id}/${epoch}/${stream}`;
          twice += copies - 1;
          if (seq <= (promised.get(key)?.upTo ?? 0)) found.set(key, (found.get(key) ?? 0) + 1);
        }
      }
      const lost = [...promised].reduce(
        (sum, [key, { count }]) => sum + Math.max(0, count - (found.get(key) ?? 0)),
        0,
      );
      const { rejected } = db
        .prepare<[], { rejected: number }>('SELECT count(*) AS rejected FROM rejected_reports')
        .get() ?? { rejected: 0 };
      return { lost, twice, rejected };
    },
    deployments: () =>
      db
        .prepare<[], StoredDeployment>(
          `SELECT id, device_id AS deviceId, bundle_digest AS digest, state, created_at_ms AS createdAtMs
           FROM deployments ORDER BY row_id`,
        )
        .all(),
    close: () => void db.close(),
  };
}
