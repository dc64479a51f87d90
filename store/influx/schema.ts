/**
 * The schema of what is shipped, as data: measurements, tags, fields and their types. docs/influxdb.md tells it to people;
 * tests hold the document, and every line that is written, against it.
 */

export type FieldType = 'integer' | 'float' | 'string';

export interface Measurement {
  /** Bounded by the configuration, each of them. */
  readonly tags: readonly string[];
  /** By name. `<…>` stands for a word: of the configuration, or one that docs/probes.md lists. */
  readonly fields: Readonly<Record<string, FieldType>>;
}

const RUN_FIELDS = {
  run_id: 'string',
  outcome: 'string',
  cadence: 'string',
  reason: 'string',
  detail: 'string',
  gameday: 'string',
  is_good: 'integer',
  weight_ms: 'integer',
  lateness_ms: 'float',
  duration_ms: 'float',
  loop_delay_ms: 'float',
  dns_ms: 'float',
  connect_ms: 'float',
  tls_ms: 'float',
  sent_ms: 'float',
  first_byte_ms: 'float',
  transfer_ms: 'float',
  recorded_ms: 'float',
  '<indicator>_ms': 'float',
  '<indicator>_events': 'integer',
  '<indicator>_p50_ms': 'float',
  '<indicator>_p99_ms': 'float',
  '<indicator>_max_ms': 'float',
  submitted_quantity: 'float',
  executed_quantity: 'float',
  good_events: 'float',
  valid_events: 'float',
  median_ms: 'float',
  'good_<split>_events': 'float',
  'valid_<split>_events': 'float',
  'median_<split>_ms': 'float',
  'value_<name>': 'float',
  record: 'string',
  'record_<n>': 'string',
} as const;

const TALLY_FIELDS = {
  good: 'integer',
  bad: 'integer',
  excluded: 'integer',
  faults: 'integer',
  borderline: 'integer',
  bounded: 'integer',
  good_us: 'integer',
  bad_us: 'integer',
  excluded_us: 'integer',
  fault_us: 'integer',
  squared_ms2: 'integer',
  good_events: 'integer',
  bad_events: 'integer',
  excluded_events: 'integer',
  fault_events: 'integer',
  squared_events2: 'integer',
  good_millionths: 'integer',
  bad_millionths: 'integer',
  excluded_millionths: 'integer',
  fault_millionths: 'integer',
  squared_events_millionths: 'integer',
  good_millionths_ms: 'string',
  bad_millionths_ms: 'string',
  squared_millionths2: 'string',
  good_quantity_ms: 'float',
  bad_quantity_ms: 'float',
  good_notional_ms: 'float',
  bad_notional_ms: 'float',
  written_ms: 'integer',
  wide: 'string',
  exact_split: 'string',
} as const;

export const SCHEMA = {
  pulsedrill_run: {
    tags: ['probe', 'kind', 'service', 'location', 'endpoint', 'venue'],
    fields: RUN_FIELDS,
  },
  pulsedrill_tally: { tags: ['objective', 'split', 'location'], fields: TALLY_FIELDS },
  pulsedrill_budget: {
    tags: ['objective', 'service', 'location'],
    fields: {
      colour: 'string',
      consumed_pct: 'float',
      attainment_pct: 'float',
      burn_1h_ratio: 'float',
      valid_events: 'integer',
      bad_events: 'integer',
      exact_service: 'string',
    },
  },
  pulsedrill_event: {
    tags: ['kind', 'service', 'location'],
    fields: {
      id: 'string',
      subject: 'string',
      body: 'string',
      recorded_ms: 'float',
      record: 'string',
      'record_<n>': 'string',
    },
  },
} as const satisfies Readonly<Record<string, Measurement>>;

export type MeasurementName = keyof typeof SCHEMA;

/** Which field a weight is in, by what its objective weighs by; those of sized ones are digits, since they may be longer than 64 bits. */
export const WEIGHT_FIELDS = {
  time: {
    goodWeight: 'good_us',
    badWeight: 'bad_us',
    excludedWeight: 'excluded_us',
    faultWeight: 'fault_us',
    squaredWeight: 'squared_ms2',
  },
  count: {
    goodWeight: 'good_events',
    badWeight: 'bad_events',
    excludedWeight: 'excluded_events',
    faultWeight: 'fault_events',
    squaredWeight: 'squared_events2',
  },
  fraction: {
    goodWeight: 'good_millionths',
    badWeight: 'bad_millionths',
    excludedWeight: 'excluded_millionths',
    faultWeight: 'fault_millionths',
    squaredWeight: 'squared_events_millionths',
  },
} as const;

/** The counts of a tally, which are fields by their own names. */
export const COUNTS = ['good', 'bad', 'excluded', 'faults', 'borderline', 'bounded'] as const;

export const WEIGHTS = ['goodWeight', 'badWeight', 'excludedWeight', 'faultWeight', 'squaredWeight'] as const;

/** From here on a row's weights stand in `wide` as well: below, sums of 128 rows are exact in a double. */
export const WIDE = 2n ** 46n;
export const MOST_SUMMED = 128;
