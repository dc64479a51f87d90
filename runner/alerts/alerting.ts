/** Alerting of a `run`: the board, who reports to it, and who is told. */
import type { ClockStanding } from '../../probes/clock/standing.ts';
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Follower } from '../judging.ts';
import type { Overload } from '../overload.ts';
import type { Result } from '../../store/result.ts';
import type { AlertBoard, AlertListener, Condition, Dispatcher } from './alert.ts';
import { createAlertBoard } from './board.ts';
import { watchSilences } from '../incidents/alertmanager.ts';
import { createKeeper, type Keeper } from '../incidents/keeper.ts';
import { createDispatcher } from './dispatcher.ts';
import { postsOf } from './notifiers/kinds.ts';
import { silenceOf, silencesOf, writtenSilences, type Silence } from './silences.ts';
import { watchAlerts } from './watch.ts';

export interface AlertingOptions {
  readonly configuration: Pick<
    Configuration,
    'location' | 'environment' | 'base' | 'notify' | 'silences' | 'incidents' | 'redact'
  >;
  readonly store: Pick<StoreReader, 'events'>;
  readonly clock: Clock;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** How this machine's clock stands. */
  readonly standing: () => ClockStanding;
  readonly overload: () => Overload | null;
  /** Why results do not reach the ledger; null: they do. */
  readonly trouble: () => string | null;
  /** Who else has something to say, by name; asked every ten seconds. */
  readonly sources?: ReadonlyMap<string, () => readonly Condition[]>;
  readonly listeners?: readonly AlertListener[];
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

export interface Alerting {
  readonly board: AlertBoard;
  readonly dispatcher: Dispatcher;
  readonly incidents: Keeper;
  readonly follow: Follower;
  /** A probe sends nothing more until the next start. */
  disabled(result: Result): void;
  /** Until `stop`. */
  run(): Promise<void>;
}

const LOOK_MS = 10_000;
/** Policy minutes for which an objective must be well again before its alerts are over: nobody is woken twice by one outage. */
const SETTLED_MINUTES = 5;

export function createAlerting(options: AlertingOptions): Alerting {
  const { configuration, store, clock, record, stop, listeners = [] } = options;
  const { location, environment } = configuration;
  const warn = (line: string): void => options.warn(configuration.redact(line));
  const source = `${location} (${environment})`;
  const written = writtenSilences(configuration);
  let silences: readonly Silence[] = written;

  const dispatcher = createDispatcher({
    posts: postsOf({ documents: configuration.notify, source, clock, write: warn }),
    store,
    clock,
    random: Math.random,
    record,
    standing: () => board.standing(),
    isSilenced: (alert, nowMs) => silenceOf(alert, silences, nowMs)?.reason ?? null,
    redact: configuration.redact,
    onTold: (notice, notifier) => incidents.told(notice, notifier),
    stop,
    warn,
  });
  const board = createAlertBoard({
    store,
    wallMs: () => clock.wallMs(),
    record,
    listeners: [...listeners, () => dispatcher.announce(), () => incidents.look()],
    warn,
  });
  const incidents = createKeeper({
    incidents: configuration.incidents,
    store,
    clock,
    record,
    board,
    dispatcher,
    isSilenced: (alert, nowMs) => silenceOf(alert, silences, nowMs) !== null,
    isPerson: (name) => configuration.notify.some((each) => each.name === name && each.kind !== 'log'),
    stop,
    warn,
  });
  const watch = watchAlerts({
    ...options,
    warn,
    board,
    location,
    settledMs: SETTLED_MINUTES * configuration.base.minuteMs,
    sources: new Map([...(options.sources ?? []), ['notifiers', () => dispatcher.conditions()]]),
  });

  const silenceWatch = {
    alertmanagers: configuration.notify.filter((each) => each.kind === 'alertmanager'),
    source,
    machines: configuration.incidents.machines,
    keeper: incidents,
    clock,
    stop,
    warn,
  };

  async function begin(): Promise<void> {
    await board.load();
    await dispatcher.recover();
  }

  async function look(): Promise<void> {
    await watch.look();
    silences = [...written, ...silencesOf(await store.events({ kind: 'silence' }))];
    dispatcher.announce();
  }

  return {
    board,
    dispatcher,
    incidents,
    follow: watch.follow,
    disabled: (result) => watch.disabled(result),
    async run() {
      let isBegun = false;
      let troubled = false;
      let kept: Promise<unknown> | null = null;
      while (!stop.aborted) {
        try {
          if (!isBegun) await begin();
          isBegun = true;
          await look();
          // Incidents need to know what stands, and what is silenced.
          kept ??= Promise.all([incidents.run(), watchSilences(silenceWatch)]);
          troubled = false;
        } catch (error) {
          // A ledger that cannot be read now may be read in ten seconds.
          if (!troubled) warn(`alerts: ${error instanceof Error ? error.message : String(error)}`);
          troubled = true;
        }
        await clock.sleep(LOOK_MS, stop).catch(() => undefined);
      }
      await kept;
    },
  };
}
