/** The words of alerting: what is true now (a condition), what was made of it (an alert), what is said of it (a notice). */
import type { Severity } from '../../slo/objective.ts';

/** A fact that somebody should be told for as long as it lasts. `AlertCondition` of `slo/` is one about an objective. */
export interface Condition {
  /** Stable while it lasts, unique among all sources: `<objective>/<rule>`, `clock/<location>`, `obligation/<id>`. */
  readonly key: string;
  /** What kind of fact: `breach`, `burn`, `clock`, `overload`, `probe-disabled`, `obligation-overdue`, `notifier`, … */
  readonly rule: string;
  readonly severity: Severity;
  /** `review`: what would have paged, on too few events to wake anybody. */
  readonly as: 'page' | 'ticket' | 'review';
  readonly service: string | null;
  readonly objective: string | null;
  /** One line for people, complete in itself. */
  readonly says: string;
  /** The newest bad event behind it, wall-clock ms: news for an alert that was resolved while its condition went on. */
  readonly lastBadAtMs: number | null;
}

/** A condition that was told, as the events of kind `alert` in the ledger remember it. */
export interface Alert extends Condition {
  /** `<key>@<openedMs in base 36>`: one a time that the condition began. */
  readonly id: string;
  readonly openedMs: number;
  /** When its condition was over; null while it lasts. */
  readonly endedMs: number | null;
  /** When somebody resolved it although its condition lasted, and who. */
  readonly resolved: { readonly atMs: number; readonly by: string } | null;
}

export interface AlertChange {
  readonly type: 'opened' | 'worsened' | 'ended' | 'resolved';
  readonly alert: Alert;
  readonly atMs: number;
}

/** Where every source says what it finds. Changes are durable before anybody hears of them. */
export interface AlertBoard {
  /** All that is true of `source` now: what it names no more is over, what it names for the first time opens. */
  report(source: string, conditions: readonly Condition[]): Promise<void>;
  /** Reads what the ledger remembers, at once instead of with the first report. */
  load(): Promise<readonly Alert[]>;
  /** Alerts whose condition lasts and which nobody resolved, oldest first; none before anything was read. */
  standing(): readonly Alert[];
  resolve(id: string, by: string): Promise<Alert | null>;
}

/** Told of each change once it is durable; must not throw. */
export type AlertListener = (change: AlertChange) => void;

/** What a notifier is to say. The same `dedupeKey` is the same conversation. */
export interface Notice {
  /**
   * `acknowledged`: somebody has taken it on; a pager pages nobody else. `announcement`: said once, of something that is to
   * come or has happened; nothing stands, and nothing will be over.
   */
  readonly type: 'firing' | 'reminder' | 'resolved' | 'escalation' | 'acknowledged' | 'announcement';
  readonly dedupeKey: string;
  readonly severity: Severity;
  /** `announcement`: for people to know, nobody has to do anything. */
  readonly as: Condition['as'] | 'announcement';
  readonly service: string | null;
  readonly objective: string | null;
  readonly summary: string;
  /** Facts beside the summary: `budget`, `burn`, `incident`, `channel`. No secrets. */
  readonly details: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** Who is to be reached: `on-call`, `incident-commander`, `leadership`, `engineering-manager`, `vp-engineering`, `product-lead`, `domain-owner`, `customer-success`. */
  readonly to: string;
  /** The incident it belongs to; null: none. */
  readonly incident: string | null;
}

export type Told =
  | { readonly ok: true }
  /** `retry`: trying again may help; `afterMs`: not before. */
  | { readonly ok: false; readonly retry: boolean; readonly afterMs?: number; readonly reason: string };

/** One place to tell people: a pager, a chat, a ticket system, the log. Expected failures are values. */
export interface Notifier {
  /** Unique: `pagerduty`, or the name given in the configuration. */
  readonly name: string;
  readonly kind: string;
  notify(notice: Notice, signal: AbortSignal): Promise<Told>;
  close?(): Promise<void>;
}

/** Takes notices and brings them to every notifier that wants them; never blocks, survives a restart. */
export interface Dispatcher {
  /** Resolves, soon and in any case, when the ledger has it or is known not to take it. @returns who will say it, by name */
  send(notice: Notice): Promise<readonly string[]>;
  /** The `dedupeKey` under which people were told of an alert; null: they were not. */
  conversationOf(alert: Alert): string | null;
}
