/**
 * Keeps the incidents of a `run`: they open with the alerts that page, their clocks run, whoever has to hear of them does.
 * All state is in the ledger; each look computes from it what is to be done, so that a restart, a command in another shell
 * and a clock that was set are nothing of their own.
 */
import type { Clock } from '../../probes/probe.ts';
import type { IncidentBody } from '../../slo/incidents/event.ts';
import { incidentEvent } from '../../slo/incidents/event.ts';
import { standingAlerts, type Incident } from '../../slo/incidents/incident.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Alert, AlertBoard, Dispatcher, Notice, Notifier } from '../alerts/alert.ts';
import { titleOf } from '../alerts/notifiers/pagerduty.ts';
import { addresseeOf, type IncidentsDocument } from '../config/incidents.ts';
import { createBook } from './book.ts';
import { reachedEvents, takenOf, type Taken } from './reached.ts';
import { incidentSummary, isGoing } from './standing.ts';
import { steadyClock } from './steady.ts';
import { eventOf, isBreach, isOver, ITSELF, stepsOf, type Step } from './steps.ts';
import { dueTellings } from './tellings.ts';
import { timingOf } from './timing.ts';

export interface KeeperOptions {
  readonly incidents: IncidentsDocument;
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly board: Pick<AlertBoard, 'standing' | 'resolve'>;
  readonly dispatcher: Dispatcher;
  readonly isSilenced: (alert: Alert, nowMs: number) => boolean;
  /** Whether somebody reads what this notifier takes; a log is read later, if at all. */
  readonly isPerson: (notifier: string) => boolean;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

export interface Keeper {
  /** As of the last look. */
  incidents(): readonly Incident[];
  /** Whether the ledger was read: before, nothing is known. */
  isReady(): boolean;
  /** Those that go on, at a glance. */
  summaries(): readonly Readonly<Record<string, unknown>>[];
  /** Something may have changed. */
  look(): void;
  /** A notifier has taken a notice. */
  told(notice: Notice, notifier: Pick<Notifier, 'name'>): void;
  /** Somebody said so elsewhere. `key` tells it apart: the same key again is the same word. @returns whether it is kept */
  say(incident: Incident, body: IncidentBody, key: string): Promise<boolean>;
  /** What people were told under this key, or with this title where the key is not known; null: nothing of ours. */
  find(dedupeKey: string | null, title: string | null): Found | null;
  /** They are resolved on the board as well. */
  resolveAlerts(ids: readonly string[], by: string): Promise<void>;
  /** Until `stop`. */
  run(): Promise<void>;
}

export interface Found {
  readonly incident: Incident;
  /** Those of its standing alerts that were told under it. */
  readonly alerts: readonly string[];
}

/** Commands write into the ledger from other shells: this long until they are taken notice of. */
const LOOK_MS = 2000;
/** Alerts by the thousand are one incident. */
const MOST_TAKEN = 1000;
/** Steps follow from steps, but not for ever: the next look goes on. */
const MOST_ROUNDS = 10;

export function createKeeper(options: KeeperOptions): Keeper {
  const { incidents: document, store, clock, board, dispatcher, stop, warn } = options;
  const book = createBook(options);
  const timing = timingOf(document);
  const steadyMs = steadyClock(clock);
  /** By what they are: any further event makes another of it. */
  const settled = new WeakSet<Incident>();
  let taken: readonly Taken[] = [];
  let isRead = false;
  let awake = new AbortController();
  let troubled = false;

  const alertOf = (id: string): Alert | undefined => board.standing().find((each) => each.id === id);
  const conversationOf = (id: string): string | null => {
    const alert = alertOf(id);
    return alert === undefined ? null : dispatcher.conversationOf(alert);
  };

  function complain(error: unknown): void {
    if (!troubled) warn(`incidents: ${error instanceof Error ? error.message : String(error)}`);
    troubled = true;
  }

  /** The ledger that was read once and cannot be read now keeps nobody from being told. */
  async function read(): Promise<void> {
    try {
      await book.read(steadyMs());
      if (!isRead) await recall();
      isRead = true;
      troubled = false;
    } catch (error) {
      complain(error);
    }
  }

  /** Who was reached before this process began. */
  async function recall(): Promise<void> {
    const going = book.incidents().filter(isGoing);
    if (going.length === 0) return;
    const fromMs = Math.min(...going.map(({ openedMs }) => openedMs)) - 60_000;
    taken = [...takenOf(await store.events({ kind: 'notification', fromMs }), options.isPerson), ...taken];
  }

  async function take(step: Step): Promise<void> {
    if (step.type === 'write') {
      await book.write(step.event);
      return;
    }
    if (step.type === 'resolve-alert') {
      await board.resolve(step.alert, step.by);
      return;
    }
    const { id: alert, service, says: title, severity } = step.alert;
    const body = { severity, title, by: ITSELF, alert, isBreach: isBreach(step.alert), link: null };
    await book.open(service, body, document.timezone, steadyMs());
  }

  async function settle(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const nowMs = steadyMs();
      const incidents = book.incidents();
      const going = incidents.filter(({ resolved }) => resolved === null);
      const reached = going.flatMap((each) => reachedEvents(each, taken, conversationOf));
      const steps: readonly Step[] = [
        ...reached.map((event) => ({ type: 'write' as const, event })),
        ...stepsOf({
          incidents,
          isSettled: (incident) => settled.has(incident),
          alerts: board.standing(),
          isSilenced: (alert) => options.isSilenced(alert, nowMs),
          timing,
          endsWithAlerts: document.resolve === 'with-alerts',
          nowMs,
        }),
      ];
      for (const step of steps) await take(step);
      if (steps.length === 0) return;
    }
  }

  /** Said first and written down then: who dies in between says it again, under the same key. */
  async function tell(): Promise<void> {
    const facts = {
      timing,
      nowMs: steadyMs(),
      conversationOf,
      addresseeOf: addresseeOf.bind(null, document),
    };
    for (const incident of book.incidents()) {
      if (settled.has(incident)) continue;
      const due = dueTellings(incident, facts);
      if (due.length === 0 && isOver(incident, facts)) settled.add(incident);
      for (const { notice, body } of due) {
        if (stop.aborted) return;
        const through = await dispatcher.send(notice);
        const key = `${body.notice}/${body.key}`;
        await book.write(eventOf(incident, steadyMs(), { ...body, through: [...through] }, key));
      }
    }
  }

  function find(dedupeKey: string | null, title: string | null): Found | null {
    const titled = taken.findLast(({ notice }) => titleOf(notice) === title)?.notice.dedupeKey;
    const key = dedupeKey ?? titled;
    if (key === undefined) return null;
    const isAbout = (id: string): boolean => id === key || conversationOf(id) === key;
    const incident = book
      .incidents()
      .findLast((each) => key.startsWith(`${each.id}/`) || [...each.alerts.keys()].some(isAbout));
    if (incident === undefined) return dedupeKey === null || titled === undefined ? null : find(null, title);
    const alerts = standingAlerts(incident).filter(({ id }) => isAbout(id));
    return { incident, alerts: alerts.map(({ id }) => id) };
  }

  return {
    find,
    async resolveAlerts(ids, by) {
      for (const id of ids) await board.resolve(id, by);
    },
    incidents: () => book.incidents(),
    isReady: () => isRead,
    summaries() {
      const going = book.incidents().filter(({ resolved }) => resolved === null);
      return going.map((each) => incidentSummary(each, timing, steadyMs()));
    },
    look: () => awake.abort(),
    told(notice, { name }) {
      if (!options.isPerson(name)) return;
      taken = [...taken, { notice, by: name, atMs: steadyMs() }].slice(-MOST_TAKEN);
      awake.abort();
    },
    async say(incident, body, key) {
      const isKept = await book.write(incidentEvent(incident, Math.max(steadyMs(), incident.lastMs), body, key));
      awake.abort();
      return isKept;
    },
    async run() {
      while (!stop.aborted) {
        awake = new AbortController();
        await read();
        if (isRead) {
          try {
            await settle();
            await tell();
          } catch (error) {
            complain(error);
          }
        }
        await clock.sleep(LOOK_MS, AbortSignal.any([stop, awake.signal])).catch(() => undefined);
      }
    },
  };
}
