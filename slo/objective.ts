/** What was promised, as data. */

/** How far back burn rates look. */
export const LOOKBACKS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Lookback = (typeof LOOKBACKS)[number];

export type Severity = 'SEV-1' | 'SEV-2' | 'SEV-3';

export type Colour = 'green' | 'yellow' | 'red' | 'unknown';

/** Milliseconds. `strict`: below, not at. */
export interface Limit {
  readonly ms: number;
  readonly strict: boolean;
}

/** Whom the playbook asks before a target changes. */
export const SIGN_OFF_ROLES = ['SRE lead', 'domain owner', 'product'] as const;

export interface SignOff {
  readonly role: (typeof SIGN_OFF_ROLES)[number];
  readonly name: string;
  /** Calendar day, "2026-11-20". */
  readonly date: string;
}

/** What was promised from a date on. */
export interface TargetVersion {
  /** A word for people and reports; null: nobody gave it one. */
  readonly version: string | null;
  readonly target: string;
  /** Threshold rows: the limit that came with it. */
  readonly limit: Limit | null;
  /** Wall-clock ms of the whole minute from which it holds; null: since ever. */
  readonly fromMs: number | null;
  /** Link of the RFC, or of the document, that changed it. */
  readonly rfc: string | null;
  readonly signOffs: readonly SignOff[];
  /** What the playbook asks for and is not there; empty: signed off. */
  readonly lacks: readonly string[];
  /** It was dated back to this moment, in which another target is on record: that one stands until `fromMs`. */
  readonly claimedFromMs?: number;
}

/** What makes one event good. */
export type Sli =
  /** The run's own outcome: good ÷ (good + bad); excluded runs leave both. */
  | { readonly type: 'availability' }
  /** Events of an indicator within a limit ÷ valid events. `strict`: below, not at. */
  | {
      readonly type: 'threshold';
      readonly indicator: string;
      readonly ms: number;
      readonly strict: boolean;
      /** Limits that held before, oldest first: events are judged by the one that held when they happened. */
      readonly earlier?: readonly (Limit & { readonly untilMs: number })[];
    }
  /** Σ executed ÷ Σ submitted quantity. */
  | { readonly type: 'quantity' }
  /** Counts that come from the platform's own telemetry. `medianMs`: slices of time, good when their median is at most that. */
  | { readonly type: 'telemetry'; readonly what: string; readonly medianMs?: number };

/**
 * What an event weighs. `time`: the interval its run stood for; `count`: one; `quantity`: its size times that interval;
 * `notional`: its size, valued at its price, times that interval; `fraction`: one, of counts that need not be whole.
 */
export type Weighing = 'time' | 'count' | 'quantity' | 'notional' | 'fraction';

/** Who counts for an objective that is judged by the platform's own telemetry. */
export interface TelemetryFeed {
  /** Id of the source. */
  readonly source: string;
  /** What is counted at a time: a policy minute, or a slice; real milliseconds. */
  readonly stepMs: number;
  /** Without a newer counted step than this its colour is Unknown; real milliseconds. */
  readonly staleMs: number;
}

/** A second figure of another row. It is judged and shown under that row, and nothing follows from it. */
export interface Beside {
  /** The row's id. */
  readonly id: string;
  /** What tells the two apart, in a few words: "by notional", "synthetic". */
  readonly label: string;
}

/** A multi-window rule of the user's own: burning at `factor` or more over both lookbacks. */
export interface BurnThreshold {
  readonly factor: number;
  readonly long: Lookback;
  readonly short: Lookback;
  readonly severity: Severity;
}

export interface Objective {
  readonly id: string;
  readonly title: string;
  readonly commitment: 'sla' | 'slo' | 'kpi';
  readonly service: string;
  readonly owners: readonly string[];
  readonly supporting: readonly string[];
  /** Decimal string in (0, 1): the newest version's, as `sli` has the newest limit. */
  readonly target: string;
  /** Oldest first; left out: never changed. */
  readonly versions?: readonly TargetVersion[];
  /** The window that gives the colour, real milliseconds (already divided by the time scale). */
  readonly windowMs: number;
  /** Percentile rows: the sliding window of the live verdict, stepped each minute; real milliseconds. */
  readonly slidingMs: number | null;
  readonly sli: Sli;
  readonly weighing: Weighing;
  /** Events are also kept apart by this property of their run. */
  readonly split: 'endpoint' | 'venue' | 'location' | null;
  /** Raw valid events below which consequences become review items. */
  readonly minEvents: number;
  /** Ids of the probes that feed it. Empty together with `unknownBecause`. */
  readonly probes: readonly string[];
  /** Why nothing can feed this row, if so: its colour is then Unknown, with this reason. */
  readonly unknownBecause: string | null;
  /** Instead of the policy's scaled pairs. */
  readonly burn?: readonly BurnThreshold[];
  /** Assumptions that wait for an owner's sign-off; printed beside the figure. */
  readonly assumptions: readonly string[];
  /** Left out: probes feed it, or nothing. */
  readonly telemetry?: TelemetryFeed;
  /** Left out: the row stands for itself. */
  readonly beside?: Beside;
}

/** Whether colours, gates, alerts, obligations, rules and sampling follow from it. Of a companion they never do. */
export function governs({ beside }: Pick<Objective, 'beside'>): boolean {
  return beside === undefined;
}

/** Something feeds it, and something follows from it. */
export function mayBurn(objective: Pick<Objective, 'beside' | 'unknownBecause'>): boolean {
  return governs(objective) && objective.unknownBecause === null;
}

/** Under which name the ledger keeps what telemetry said for an objective; no probe can have it. */
export function feedName(objective: string): string {
  return `telemetry:${objective}`;
}

const AGES: ReadonlySet<string> = new Set(['tick-age', 'newest-age', 'signal-age']);

/** Differences of a remote wall clock and the prober's own: only as good as both. */
export function isAge({ sli }: Pick<Objective, 'sli'>): boolean {
  return sli.type === 'threshold' && isAgeIndicator(sli.indicator);
}

export function isAgeIndicator(indicator: string): boolean {
  return AGES.has(indicator);
}
