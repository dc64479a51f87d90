import type { DatabaseSync } from 'node:sqlite';
import { chainStored } from './chain-stored.ts';
import { packMeasures } from './measures/as-text.ts';

/** 'PDLG': marks a SQLite file as a pulsedrill ledger. */
export const APPLICATION_ID = 0x50_44_4c_47;

const TALLY_COLUMNS = `(
  objective TEXT NOT NULL,
  split TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  good INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  excluded INTEGER NOT NULL,
  faults INTEGER NOT NULL,
  good_weight ANY NOT NULL,
  bad_weight ANY NOT NULL,
  squared_weight ANY NOT NULL,
  cluster ANY NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (objective, at_ms, split)
) STRICT, WITHOUT ROWID`;

/** Events near to a limit; 0 of 0 in ledgers from before, since nobody counted them. */
const NEAR_COLUMNS = ['borderline INTEGER', 'bounded INTEGER'];

const LEFT_OUT_COLUMNS = ['excluded_weight ANY', 'fault_weight ANY'];

function addTallyColumns(schema: 'main' | 'temp', columns: readonly string[]): string {
  return columns.map((column) => `ALTER TABLE ${schema}.tallies ADD COLUMN ${column} NOT NULL DEFAULT 0;`).join('\n');
}

/** Every objective is judged anew, from the stored results, the next time that the ledger is opened for writing. */
const JUDGE_AGAIN = "UPDATE objectives SET hash = '';";

/** Read in the order of time by objective: the rows are the key's own tree. */
const ROLLUP_COLUMNS = `(
  objective TEXT NOT NULL,
  span TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  split TEXT NOT NULL,
  steps BLOB NOT NULL,
  PRIMARY KEY (objective, span, at_ms, split)
) STRICT, WITHOUT ROWID`;

/** The tallies in memory, of the same form, by which a read-only ledger is judged when the definitions are other ones. */
export const TEMP_TALLIES = `CREATE TEMP TABLE tallies ${TALLY_COLUMNS};
${addTallyColumns('temp', [...NEAR_COLUMNS, ...LEFT_OUT_COLUMNS])}
CREATE TEMP TABLE rollups ${ROLLUP_COLUMNS};`;

/** Statements, or what statements cannot say. All of them together are one transaction. */
export type Migration = string | ((db: DatabaseSync) => void);

/** 0: from before this was kept. `head`, `previous`: SHA-256 in hexadecimal; `closed_ms` is null in the last segment only. */
const CHAIN = `
ALTER TABLE results ADD COLUMN recorded_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN recorded_ms INTEGER NOT NULL DEFAULT 0;
CREATE TABLE segments (
  number INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  results INTEGER NOT NULL,
  first_scheduled_ms REAL NOT NULL,
  last_scheduled_ms REAL NOT NULL,
  opened_ms INTEGER NOT NULL,
  closed_ms INTEGER,
  previous TEXT NOT NULL,
  head TEXT NOT NULL,
  expired_ms INTEGER
) STRICT;
`;

/**
 * Roll-ups of what reports read: `measures` of results, by probe, `budget_spans` of budget points. `measured` says of which
 * hours and days all rows are there; everything in them can be made again, unless results have expired.
 */
const MEASURES = `
CREATE TABLE measured (
  span TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  rules INTEGER NOT NULL,
  recorded_ms INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  PRIMARY KEY (span, at_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE measure_rules (id INTEGER PRIMARY KEY, rules TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE measures (
  id INTEGER PRIMARY KEY,
  span TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  probe TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (span, at_ms, probe)
) STRICT;
CREATE TABLE budget_spans (
  objective TEXT NOT NULL,
  span TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  points TEXT NOT NULL,
  PRIMARY KEY (objective, span, at_ms)
) STRICT, WITHOUT ROWID;
`;

/** Measures as bytes, which are read in a tenth of the time. */
const PACKED_MEASURES = `
ALTER TABLE measures RENAME TO measures_as_text;
CREATE TABLE measures (
  id INTEGER PRIMARY KEY,
  span TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  probe TEXT NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (span, at_ms, probe)
) STRICT;
`;

/**
 * Forward only: a migration that has been released is never edited, the next one is appended. The position in this list
 * is the schema's version. Weights are `ANY`: an INTEGER where it fits 64 bits, else its decimal digits.
 */
export const MIGRATIONS: readonly Migration[] = [
  `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  probe TEXT NOT NULL,
  kind TEXT NOT NULL,
  service TEXT NOT NULL,
  location TEXT NOT NULL,
  endpoint TEXT,
  venue TEXT
) STRICT;
CREATE UNIQUE INDEX series_identity ON series (probe, kind, service, location, ifnull(endpoint, ''), ifnull(venue, ''));

-- seq is the order of arrival and the exporter's cursor: never used twice.
CREATE TABLE results (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  series INTEGER NOT NULL REFERENCES series (id),
  ts_ns INTEGER NOT NULL,
  scheduled_ms REAL NOT NULL,
  started_ms REAL NOT NULL,
  lateness_ms REAL NOT NULL,
  duration_ms REAL,
  cadence TEXT NOT NULL,
  weight_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  detail TEXT,
  dns_ms REAL,
  connect_ms REAL,
  tls_ms REAL,
  first_byte_ms REAL,
  transfer_ms REAL,
  readings TEXT NOT NULL,
  "values" TEXT NOT NULL,
  loop_delay_ms REAL,
  gameday TEXT,
  UNIQUE (series, ts_ns)
) STRICT;
CREATE INDEX results_scheduled ON results (scheduled_ms, seq);
CREATE INDEX results_gameday ON results (gameday, scheduled_ms) WHERE gameday IS NOT NULL;

-- retired_seq: the last result that was judged before no configuration named the objective any more; null while it is in use.
CREATE TABLE objectives (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  rule TEXT NOT NULL,
  retired_seq INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies ${TALLY_COLUMNS};
CREATE UNIQUE INDEX tallies_revision ON tallies (revision);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at_ms REAL NOT NULL,
  ts_ns INTEGER NOT NULL,
  kind TEXT NOT NULL,
  service TEXT,
  subject TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_series ON events (kind, ifnull(service, ''), ts_ns);
CREATE INDEX events_at ON events (at_ms);

CREATE TABLE budgets (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  objective TEXT NOT NULL,
  at_ms REAL NOT NULL,
  service TEXT NOT NULL,
  colour TEXT NOT NULL,
  consumed_pct REAL,
  attainment_pct REAL,
  burn_1h REAL,
  valid_events INTEGER NOT NULL,
  bad_events INTEGER NOT NULL,
  UNIQUE (objective, at_ms)
) STRICT;

CREATE TABLE orders (
  client_order_id TEXT PRIMARY KEY,
  probe TEXT NOT NULL,
  venue TEXT NOT NULL,
  run_id TEXT NOT NULL,
  at_ms REAL NOT NULL,
  closed_ms REAL,
  how TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_open ON orders (at_ms) WHERE closed_ms IS NULL;

CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  // Ledgers from before hold null: not measured.
  `
ALTER TABLE results ADD COLUMN sent_ms REAL;
ALTER TABLE results ADD COLUMN trail TEXT;
`,
  addTallyColumns('main', NEAR_COLUMNS),
  `${addTallyColumns('main', LEFT_OUT_COLUMNS)}\n${JUDGE_AGAIN}`,
  `CREATE TABLE rollups ${ROLLUP_COLUMNS};\n${JUDGE_AGAIN}`,
  (db) => {
    db.exec(CHAIN);
    chainStored(db);
  },
  MEASURES,
  (db) => {
    db.exec(PACKED_MEASURES);
    packMeasures(db);
    db.exec('DROP TABLE measures_as_text;');
  },
];
