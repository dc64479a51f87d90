/** The incidents as they stand: what the ledger has, what other processes add to it, and what it would not take yet. */
import type { Clock } from '../../probes/probe.ts';
import type { IncidentEvent } from '../../slo/incidents/event.ts';
import { incidentsOf, withEvents, type Incident } from '../../slo/incidents/incident.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import { openIncident, type Opening } from './opening.ts';

export interface BookOptions {
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

export interface Book {
  incidents(): readonly Incident[];
  /** Takes up what was written since. @throws what the ledger throws; what was read before stays */
  read(nowMs: number): Promise<void>;
  /** Stands from now on, and is offered to a ledger that refuses again and again. @returns whether the ledger has it */
  write(event: IncidentEvent): Promise<boolean>;
  /** One more, under a name of its own. */
  open(service: string | null, body: Opening, timezone: string, nowMs: number): Promise<void>;
}

/** Nothing is written with an older stamp than this: an event is stamped with the time at which it is written. */
const MARGIN_MS = 3_600_000;
/** Whoever looks at what is over looks into the ledger. */
const KEPT_MS = 30 * 86_400_000;
/** A ledger that hangs keeps nobody from being told. */
const LEDGER_MS = 2000;

export function createBook({ store, clock, record, stop, warn }: BookOptions): Book {
  let known: ReadonlyMap<string, Incident> = new Map();
  /** Events within reach of the next reading that are part of `known`; null: nothing was read. */
  let seen: Set<string> | null = null;
  /** Written here while a reading is under way, which may or may not find them. */
  let recent: readonly string[] = [];
  let unrecorded: readonly IncidentEvent[] = [];
  let troubled = false;

  function take(events: readonly IncidentEvent[]): void {
    const next = new Map(known);
    for (const [id, own] of Map.groupBy(events, ({ subject }) => subject)) {
      const before = next.get(id);
      const [incident] = before === undefined ? incidentsOf(own) : [withEvents(before, own)];
      if (incident !== undefined) next.set(id, incident);
    }
    known = next;
  }

  async function offer(event: IncidentEvent): Promise<boolean> {
    const over = new AbortController();
    const patience = clock.sleep(LEDGER_MS, AbortSignal.any([stop, over.signal])).then(
      () => false,
      () => false,
    );
    try {
      const isKept = await Promise.race([record(event).then(() => true), patience]);
      if (isKept) troubled = false;
      return isKept;
    } catch (error) {
      if (!troubled) warn(`incidents: not kept yet: ${error instanceof Error ? error.message : String(error)}`);
      troubled = true;
      return false;
    } finally {
      over.abort();
    }
  }

  function mark({ id }: IncidentEvent): void {
    seen?.add(id);
    recent = [...recent, id];
  }

  /** In order; what is refused waits with all that comes after it. */
  async function offerAgain(): Promise<void> {
    while (unrecorded[0] !== undefined && (await offer(unrecorded[0]))) unrecorded = unrecorded.slice(1);
  }

  return {
    incidents: () => [...known.values()],
    async read(nowMs) {
      await offerAgain();
      const earlier = recent;
      recent = [];
      const since = seen === null ? {} : { fromMs: Math.min(nowMs, clock.wallMs()) - MARGIN_MS };
      const events = (await store.events({ kind: 'incident', ...since })).filter(isIncidentEvent);
      const before = seen;
      take(events.filter(({ id }) => before?.has(id) !== true));
      seen = new Set([...[...events, ...unrecorded].map(({ id }) => id), ...earlier, ...recent]);
      known = new Map([...known].filter(([, { resolved }]) => resolved === null || nowMs - resolved.atMs < KEPT_MS));
    },
    async write(event) {
      if (seen?.has(event.id) === true) return !unrecorded.some(({ id }) => id === event.id);
      mark(event);
      const isKept = unrecorded.length === 0 && (await offer(event));
      if (!isKept) unrecorded = [...unrecorded, event];
      take([event]);
      return isKept;
    },
    async open(service, body, timezone, nowMs) {
      let isKept = false;
      const event = await openIncident(
        {
          store,
          async record(event) {
            isKept = unrecorded.length === 0 && (await offer(event));
            return isKept;
          },
          timezone,
          nowMs,
          taken: new Set(known.keys()),
        },
        service,
        body,
      );
      mark(event);
      if (!isKept) unrecorded = [...unrecorded, event];
      take([event]);
    },
  };
}

export function isIncidentEvent(event: LedgerEvent): event is LedgerEvent & IncidentEvent {
  return event.kind === 'incident';
}
