/** What a person is to look at, as events of the ledger: one item an objective and day for thin data, one for a regression. */
import type { LedgerEvent } from '../../store/store.ts';

/** `thin-data`: too few events to act on. `burn-review`: more than 2 % worse than the target. */
export type ReviewType = 'thin-data' | 'burn-review';

export const REVIEW_TEXT: Readonly<Record<ReviewType, string>> = {
  'thin-data': 'thin data',
  'burn-review': 'error-budget burn review',
};

const PREFIX: Readonly<Record<ReviewType, string>> = { 'thin-data': 'ri', 'burn-review': 'br' };

/** Of the flagged windows of the day, once it is over. */
export interface DayCounts {
  readonly judged: number;
  readonly flagged: number;
  /** Runs of windows that touch: ends of their first and last one. The longest ones where there were many. */
  readonly stretches: readonly (readonly [fromMs: number, toMs: number])[];
  readonly allStretches: number;
}

export interface ReviewItem {
  readonly id: string;
  readonly type: ReviewType;
  readonly service: string | null;
  readonly objective: string;
  /** Of the calendar, UTC: `2026-11-24`. */
  readonly day: string;
  readonly openedMs: number;
  readonly why: string;
  readonly validEvents: number | null;
  readonly badEvents: number | null;
  /** What a person decides in place of the tool. */
  readonly instead: readonly { readonly why: string; readonly what: readonly string[] }[];
  readonly windows: DayCounts | null;
  /** When a regression was over; null while it stands, and for thin data. */
  readonly overMs: number | null;
  readonly closed: { readonly atMs: number; readonly by: string; readonly note: string } | null;
}

export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

export function itemId(type: ReviewType, objective: string, atMs: number): string {
  return `${PREFIX[type]}-${dayOf(atMs).replaceAll('-', '')}-${objective}`;
}

export interface ItemPart {
  readonly type: ReviewType;
  readonly objective: string;
  readonly service: string | null;
  readonly state: 'open' | 'instead' | 'day' | 'over' | 'closed';
  /** What tells this event from others of its state: a cause. */
  readonly suffix?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @param of the item's id; the event that opens it has the same */
export function itemEvent(of: string, part: ItemPart, atMs: number): LedgerEvent {
  const { type, objective, service, state, suffix } = part;
  const id = state === 'open' ? of : [of, state, ...(suffix === undefined ? [] : [suffix])].join('/');
  const body = { type, state, of, ...part.body };
  return { id, atMs, kind: 'review-item', service, subject: objective, body };
}

/** Oldest first. */
export function reviewsOf(events: readonly LedgerEvent[]): readonly ReviewItem[] {
  const found = new Map<string, ReviewItem>();
  for (const event of events) {
    if (event.kind !== 'review-item') continue;
    const { atMs, body } = event;
    const of = String(body['of']);
    const item = found.get(of) ?? begun(event, of);
    switch (body['state']) {
      case 'instead':
        found.set(of, { ...item, instead: [...item.instead, { why: String(body['why']), what: texts(body['what']) }] });
        break;
      case 'day':
        found.set(of, { ...item, windows: countsOf(body) });
        break;
      case 'over':
        found.set(of, { ...item, overMs: atMs });
        break;
      case 'closed':
        found.set(of, { ...item, closed: { atMs, by: String(body['by']), note: String(body['note']) } });
        break;
      default:
        found.set(of, item);
    }
  }
  return [...found.values()];
}

function begun({ atMs, service, subject, body }: LedgerEvent, id: string): ReviewItem {
  return {
    id,
    type: body['type'] === 'burn-review' ? 'burn-review' : 'thin-data',
    service,
    objective: subject,
    day: dayOf(atMs),
    openedMs: atMs,
    why: typeof body['why'] === 'string' ? body['why'] : '',
    validEvents: numberOf(body['validEvents']),
    badEvents: numberOf(body['badEvents']),
    instead: [],
    windows: null,
    overMs: null,
    closed: null,
  };
}

function countsOf(body: LedgerEvent['body']): DayCounts {
  const list: readonly unknown[] = Array.isArray(body['stretches']) ? body['stretches'] : [];
  const stretches = list.flatMap((each) => (Array.isArray(each) ? [[Number(each[0]), Number(each[1])] as const] : []));
  return {
    judged: Number(body['judged']),
    flagged: Number(body['flagged']),
    stretches,
    allStretches: Number(body['allStretches']),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Somebody has looked at it. */
export function closedEvent(item: ReviewItem, by: string, note: string, nowMs: number): LedgerEvent {
  const { id, type, objective, service } = item;
  return itemEvent(id, { type, objective, service, state: 'closed', body: { by, note } }, nowMs);
}
