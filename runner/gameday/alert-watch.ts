/** The alerts that open while an exercise is under way, and what becomes of those that were expected. */
import type { Clock } from '../../probes/probe.ts';
import { fits, isAbout, isForeseen } from '../../scenarios/expected-alert.ts';
import type { JudgedAlert, SeenAlert } from '../../scenarios/journal.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Alert, AlertChange } from '../alerts/alert.ts';
import { bounded } from './bounded.ts';
import type { Desk } from './desk.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Journal } from './journal.ts';
import type { Marks } from './marks.ts';

export interface AlertWatchOptions {
  readonly scenario: Pick<Scenario, 'component' | 'alerts'>;
  readonly desk: Desk | null;
  readonly clock: Clock;
  readonly sinceStartMs: () => number;
  readonly journal: Journal;
  readonly log: EvidenceLog;
}

/** An alert that opened while the exercise was under way. */
export interface Opened {
  readonly alert: SeenAlert;
  /** Monotonic ms since the start of the game-day. */
  readonly atMs: number;
}

const LOOK_MS = 1_000;
const ASK_MS = 5_000;

export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #opened: Opened[] = [];
  readonly #standing: SeenAlert[] = [];
  readonly #told = new Set<string>();
  #marks: Marks | null = null;
  #asked = false;

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  /** From now on the first alert on the component is a mark. */
  begin(marks: Marks): void {
    this.#marks = marks;
  }

  /** Looks each second until the signal aborts. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    const { desk, clock } = this.#options;
    if (desk === null) return;
    const startMs = clock.wallMs();
    while (!signal.aborted) {
      const fromMs = this.#asked ? startMs : 0;
      const answer = await bounded(() => desk.alerts(fromMs), clock, ASK_MS, signal);
      if (signal.aborted) return;
      if (answer.ok) await this.#take(answer.value, startMs);
      await this.#hearAcknowledgement(startMs, signal);
      await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  async #take(changes: readonly AlertChange[], startMs: number): Promise<void> {
    const { journal, sinceStartMs, clock, log, scenario } = this.#options;
    if (!this.#asked) {
      this.#asked = true;
      await this.#tellStanding(standingAt(changes, startMs));
    }
    for (const { type, alert, atMs: wallMs } of changes) {
      const key = `${alert.id}/${type}/${wallMs}`;
      if (wallMs < startMs || this.#told.has(key)) continue;
      this.#told.add(key);
      // The ledger's stamp is wall clock; how long ago it was is small enough to carry over.
      const atMs = sinceStartMs() - Math.max(0, clock.wallMs() - wallMs);
      const seen = seenAlert(alert);
      const origin = this.#marks?.originMs ?? null;
      const afterMs = origin === null || atMs < origin ? null : atMs - origin;
      await journal
        .append({ type: 'alert', change: type, alert: seen, changedMs: wallMs, afterMs })
        .catch(() => undefined);
      if (type !== 'opened') continue;
      if (afterMs === null) this.#standing.push(seen);
      else {
        this.#opened.push({ alert: seen, atMs });
        const isOurs = alert.service === scenario.component;
        if (isOurs) await this.#marks?.set('alerted', alertText(seen), 0, atMs).catch(() => undefined);
      }
      log.nudge();
    }
  }

  /** Each that the exercise is about; of all others how many there are. */
  async #tellStanding(standing: readonly Alert[]): Promise<void> {
    const { journal, scenario } = this.#options;
    const about = standing.filter((alert) => isAbout(alert, scenario.alerts ?? [], scenario.component));
    for (const alert of about) {
      const seen = seenAlert(alert);
      this.#standing.push(seen);
      const entry = { change: 'standing', alert: seen, changedMs: alert.openedMs, afterMs: null } as const;
      await journal.append({ type: 'alert', ...entry }).catch(() => undefined);
    }
    const elsewhere = Map.groupBy(
      standing.filter((alert) => !about.includes(alert)),
      ({ service }) => service,
    );
    if (elsewhere.size === 0) return;
    const stood = [...elsewhere].map(([service, { length }]) => ({ service, alerts: length }));
    await journal.append({ type: 'alerts-elsewhere', stood }).catch(() => undefined);
  }

  /** The first that somebody took on after the injection is a mark, by the moment at which it was taken on. */
  async #hearAcknowledgement(startMs: number, signal: AbortSignal): Promise<void> {
    const { desk, clock, scenario, sinceStartMs } = this.#options;
    const marks = this.#marks;
    if (desk === null || marks?.originMs === null || marks === null || marks.has('acknowledged')) return;
    const answer = await bounded(() => desk.acknowledgements(scenario.component, startMs), clock, ASK_MS, signal);
    if (!answer.ok) return;
    for (const { incident, by, via, atMs: wallMs } of answer.value) {
      const atMs = sinceStartMs() - Math.max(0, clock.wallMs() - wallMs);
      if (atMs < marks.originMs) continue;
      await marks.set('acknowledged', `${by}, ${incident} by ${via}`, 0, atMs).catch(() => undefined);
      return;
    }
  }

  /** Waits until every expected alert has opened or its time is over. */
  async untilJudged(signal: AbortSignal): Promise<void> {
    const { scenario, log, sinceStartMs } = this.#options;
    const originMs = this.#marks?.originMs ?? null;
    if (originMs === null || this.#options.desk === null) return;
    const look = () => (this.judge().expected.some(({ state }) => state === 'missing') ? null : true);
    const lastMs = Math.max(0, ...(scenario.alerts ?? []).map(({ withinMs }) => withinMs));
    // What opens at the last moment is heard of a look later.
    const leftMs = originMs + lastMs + 2 * LOOK_MS - sinceStartMs();
    await log.until(look, Math.max(0, leftMs), signal);
  }

  judge(): { readonly expected: readonly JudgedAlert[]; readonly unexpected: readonly SeenAlert[] } {
    const originMs = this.#marks?.originMs ?? 0;
    return judgeAlerts(this.#options.scenario, this.#opened, this.#standing, originMs);
  }
}

/** Pure. An alert of the component that no expectation names is unexpected, where anything was expected at all. */
export function judgeAlerts(
  { component, alerts }: Pick<Scenario, 'component' | 'alerts'>,
  opened: readonly Opened[],
  standing: readonly SeenAlert[],
  originMs: number,
): { readonly expected: readonly JudgedAlert[]; readonly unexpected: readonly SeenAlert[] } {
  const expected = (alerts ?? []).map((each): JudgedAlert => {
    const first = opened.filter(({ alert }) => fits(each, alert, component)).toSorted((a, b) => a.atMs - b.atMs)[0];
    if (first !== undefined) {
      const afterMs = first.atMs - originMs;
      return { ...each, state: afterMs <= each.withinMs ? 'in-time' : 'late', afterMs };
    }
    const stood = standing.some((alert) => fits(each, alert, component));
    return { ...each, state: stood ? 'before' : 'missing', afterMs: null };
  });
  if (alerts === null) return { expected, unexpected: [] };
  const own = opened.map(({ alert }) => alert).filter(({ service }) => service === component);
  return { expected, unexpected: own.filter((alert) => !isForeseen(alert, alerts, component)) };
}

/** Each condition whose last change before `atMs` left it open: once, however often it was opened anew. */
function standingAt(changes: readonly AlertChange[], atMs: number): readonly Alert[] {
  const last = new Map<string, Alert>();
  for (const change of changes) if (change.atMs < atMs) last.set(change.alert.key, change.alert);
  return [...last.values()].filter(({ endedMs, resolved }) => endedMs === null && resolved === null);
}

function seenAlert({ id, rule, severity, service, objective, says }: Alert): SeenAlert {
  return { id, rule, severity, service, objective, says };
}

function alertText({ severity, says }: SeenAlert): string {
  return `${severity} ${says}`;
}
