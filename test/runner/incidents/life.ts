/** One process that keeps incidents: a board, a dispatcher and a keeper on a real ledger, under a clock that the test moves. */
import type { Alert, Notice, Told } from '../../../runner/alerts/alert.ts';
import { createDispatcher } from '../../../runner/alerts/dispatcher.ts';
import { incidentsSchema } from '../../../runner/config/incidents.ts';
import { createKeeper } from '../../../runner/incidents/keeper.ts';
import { deadlinesOf } from '../../../slo/incidents/deadlines.ts';
import type { Incident } from '../../../slo/incidents/incident.ts';
import type { LedgerEvent, StoreReader } from '../../../store/store.ts';
import type { LedgerStore } from '../../../store/open.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { timingOf } from '../../../runner/incidents/timing.ts';

const EVERYTHING = { severities: [], services: [], as: [], to: [] };

export interface LifeOptions {
  readonly store: LedgerStore;
  readonly clock: ManualClock;
  readonly alerts?: Alert[];
  readonly document?: Readonly<Record<string, unknown>>;
  readonly isSilenced?: (alert: Alert) => boolean;
  readonly refuses?: () => boolean;
  readonly answer?: (notice: Notice) => Told;
  /** Names of the notifiers; each hears everything. */
  readonly notifiers?: readonly string[];
}

export interface Life extends AsyncDisposable {
  readonly alerts: Alert[];
  readonly got: Notice[];
  readonly warnings: string[];
  readonly keeper: ReturnType<typeof createKeeper>;
  /** Lets time pass; the ledger takes real time meanwhile. */
  pass(ms: number): Promise<void>;
  /** `type to key`, of the incidents' own notices. */
  said(): readonly string[];
  /** The one that there is. */
  incident(): Incident;
  due(): readonly string[];
}

export async function living(options: LifeOptions): Promise<Life> {
  const { store, clock, alerts = [], notifiers = ['pager'] } = options;
  const document = incidentsSchema.parse(options.document ?? {});
  const stop = new AbortController();
  const [got, warnings]: [Notice[], string[]] = [[], []];
  const busy = new Set<Promise<unknown>>();
  const waited = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.catch(() => undefined);
    busy.add(settled);
    void settled.then(() => busy.delete(settled));
    return work;
  };
  const record = (event: LedgerEvent): Promise<void> =>
    options.refuses?.() === true ? Promise.reject(new Error('disk full')) : waited(store.recordEvents([event]));
  const reader: Pick<StoreReader, 'events'> = { events: (query) => waited(store.events(query)) };
  const dispatcher = createDispatcher({
    posts: notifiers.map((name) => ({
      route: EVERYTHING,
      groupMs: 0,
      repeatMs: null,
      isKeptUp: false,
      isOnce: false,
      notifier: {
        name,
        kind: 'test',
        notify(notice) {
          got.push(notice);
          return Promise.resolve(options.answer?.(notice) ?? { ok: true });
        },
      },
    })),
    store: reader,
    clock,
    random: () => 1,
    record,
    standing: () => alerts,
    isSilenced: () => null,
    redact: (text) => text,
    onTold: (notice, notifier) => keeper.told(notice, notifier),
    stop: stop.signal,
    warn: (line) => warnings.push(line),
  });
  const keeper = createKeeper({
    incidents: document,
    store: reader,
    clock,
    record,
    board: {
      standing: () => alerts,
      resolve(id) {
        const index = alerts.findIndex((each) => each.id === id);
        const [gone] = index < 0 ? [] : alerts.splice(index, 1);
        return Promise.resolve(gone ?? null);
      },
    },
    dispatcher,
    isSilenced: (alert) => options.isSilenced?.(alert) ?? false,
    isPerson: () => true,
    stop: stop.signal,
    warn: (line) => warnings.push(line),
  });

  async function quiet(): Promise<void> {
    for (let calm = 0; calm < 3; calm += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (busy.size > 0) {
        await Promise.all(busy);
        calm = -1;
      }
    }
  }

  await dispatcher.recover();
  const running = keeper.run();
  await quiet();
  return {
    alerts,
    got,
    warnings,
    keeper,
    async pass(ms) {
      // In steps of a look, so that nothing sleeps through what is written meanwhile.
      for (let left = ms; left > 0; left -= 2000) {
        dispatcher.announce();
        await quiet();
        await clock.advance(Math.min(left, 2000));
        await quiet();
      }
    },
    said: () =>
      got.filter(({ incident }) => incident !== null).map(({ type, to, dedupeKey }) => `${type} ${to} ${dedupeKey}`),
    incident() {
      const [first, ...more] = keeper.incidents();
      if (first === undefined || more.length > 0) throw new Error(`expected one incident, got ${more.length + 1}`);
      return first;
    },
    due: () =>
      keeper
        .incidents()
        .flatMap((each) => deadlinesOf(each, timingOf(document), clock.wallMs()))
        .map(({ key }) => key),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await quiet();
      await running;
    },
  };
}
