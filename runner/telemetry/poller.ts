/** Asks a source, for one objective, for every settled step that is not in the ledger yet. */
import type { Clock, Reading } from '../../probes/probe.ts';
import { feedName } from '../../slo/objective.ts';
import { runsOf, type Result } from '../../store/result.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { BoundQuery } from '../config/configuration.ts';
import type { Redact } from '../config/secrets.ts';
import type { SourceDocument } from '../config/sources.ts';
import { countStep, type Answers } from './counted.ts';
import { stepResult, type StepResult } from './result.ts';
import type { StepSpan, TelemetrySource } from './source.ts';
import { dueSteps, horizonMs, MOST_SPLIT_STEPS, MOST_STEPS, spansOf } from './steps.ts';
import { lastingTrouble, watchTrouble, type Trouble } from './trouble.ts';

export interface PollerOptions {
  readonly source: TelemetrySource;
  readonly spec: Pick<SourceDocument, 'id' | 'lag' | 'stale' | 'catchUp'>;
  readonly bound: BoundQuery;
  readonly location: string;
  readonly clock: Clock;
  readonly store: Pick<StoreReader, 'results' | 'events' | 'tallies'>;
  readonly deliver: (result: Result) => void;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Of what a source says, before it is kept. */
  readonly redact: Redact;
}

export interface Poller {
  readonly bound: BoundQuery;
  readonly trouble: () => Trouble | null;
  /** What the ledger has already. Before the first `poll`. */
  load(): Promise<void>;
  /** Asks for what is due. Rejects only when the ledger cannot be written. */
  poll(signal: AbortSignal): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function createPoller(options: PollerOptions): Poller {
  const { source, spec, bound, location, clock, store } = options;
  const { stepMs } = bound;
  const watch = watchTrouble({
    source: spec.id,
    bound,
    patienceMs: spec.stale / 2,
    record: options.record,
  });
  /** Steps that need not be asked for again: in the ledger, or from before anything was ever counted. */
  const known = new Set<number>();
  /** Start of the first step that may still be asked for: what is older was looked at, and is in the ledger or lost. */
  let frontMs: number | null = null;
  /** Starts of the oldest and of the newest step that were counted; null: none ever was. */
  let oldestMs: number | null = null;
  let newestMs: number | null = null;
  /** Of the newest counted step: a step without an answer is missing in each of them. */
  let splits: readonly string[] = [''];

  const now = (): number => Math.round(clock.wallMs());
  const due = () => ({ nowMs: now(), stepMs, lagMs: spec.lag, catchUpMs: spec.catchUp });

  function keep(step: StepResult, asked: { atMs: number; tookMs: number | null }): void {
    known.add(step.startMs);
    options.deliver(stepResult(bound, location, step, asked));
  }

  function count(startMs: number, readings: readonly Reading[]): void {
    oldestMs = Math.min(oldestMs ?? startMs, startMs);
    if (newestMs !== null && startMs < newestMs) return;
    newestMs = startMs;
    splits = readings.map(splitOf);
  }

  function remember(result: Result): void {
    const { scheduledMs, readings, outcome } = result;
    const steps = runsOf(result);
    for (let index = 0; index < steps; index += 1) known.add(scheduledMs + index * stepMs);
    if (outcome === 'good') count(scheduledMs, readings);
  }

  /** From the last hour that the ledger knows of before the steps that are asked for, so that what lies between is missed. */
  async function load(): Promise<void> {
    const nowMs = now();
    const { objective, service } = bound;
    const fromMs = (await newestHour(horizonMs(due()))) ?? horizonMs(due());
    for await (const result of store.results({ fromMs, toMs: nowMs, probe: feedName(objective) })) remember(result);
    frontMs = known.size === 0 ? null : known.values().reduce((least, startMs) => Math.min(least, startMs));
    watch.recall(lastingTrouble(await store.events({ kind: 'source', service }), objective));
  }

  /** Start of the newest hour before `toMs` with a step in it; null: there is none in the objective's window. */
  async function newestHour(toMs: number): Promise<number | null> {
    const { objective, windowMs } = bound;
    const fromMs = toMs - Math.ceil(windowMs / HOUR_MS) * HOUR_MS;
    return (await store.tallies({ objective, fromMs, toMs, groupMs: HOUR_MS })).at(-1)?.atMs ?? null;
  }

  /** What has become too old to ask for was not seen, where something could have been. */
  function giveUp(): void {
    const horizon = horizonMs(due());
    let steps = 0;
    for (let startMs = frontMs ?? horizon; startMs < horizon; startMs += stepMs) {
      const isMissed = !known.delete(startMs) && oldestMs !== null && startMs > oldestMs;
      steps = isMissed ? steps + 1 : 0;
      const isLast = startMs + stepMs >= horizon || known.has(startMs + stepMs);
      if (steps === 0 || !isLast) continue;
      const detail = `steps that ${spec.id} could not be asked for within its catchUp: ${steps}`;
      const firstMs = startMs - (steps - 1) * stepMs;
      const asked = { atMs: now(), tookMs: null };
      keep({ startMs: firstMs, readings: missing(), reason: 'missed', detail, steps }, asked);
      known.delete(firstMs);
    }
    frontMs = horizon;
  }

  /** Readings without events, which say only in which splits a step is missing. */
  function missing(): readonly Reading[] {
    return splits.map((split) => ({ type: 'telemetry', split, good: '0', valid: '0' }));
  }

  async function poll(signal: AbortSignal): Promise<void> {
    giveUp();
    let trouble = watch.current()?.reason ?? null;
    const missingSteps = dueSteps(due(), (startMs) => known.has(startMs));
    for (const span of spansOf(missingSteps, stepMs, bound.split === null ? MOST_STEPS : MOST_SPLIT_STEPS)) {
      const begunMs = clock.monotonicMs();
      const atMs = now();
      const answers = await askFor(source, bound, span, signal);
      if (signal.aborted) return;
      if (typeof answers === 'string') {
        trouble = answers;
        break;
      }
      trouble = take(span, answers, { atMs, tookMs: clock.monotonicMs() - begunMs });
    }
    await watch.look(trouble === null ? null : options.redact(trouble), now());
  }

  /** @returns what is wrong with the newest step of the span; null: it was counted */
  function take(span: StepSpan, answers: Answers, asked: { atMs: number; tookMs: number }): string | null {
    const steps: { startMs: number; counted: ReturnType<typeof countStep> }[] = [];
    for (let startMs = span.fromMs; startMs < span.toMs; startMs += stepMs) {
      if (!known.has(startMs)) steps.push({ startMs, counted: countStep(answers, startMs) });
    }
    const last = steps.findLast(({ counted }) => counted.type === 'counted')?.startMs ?? newestMs ?? -Infinity;
    for (const { startMs, counted } of steps) {
      if (counted.type === 'counted') {
        count(startMs, counted.readings);
        keep({ startMs, readings: counted.readings, reason: null, detail: counted.remark, steps: 1 }, asked);
        continue;
      }
      // What comes late may still come, until something newer is there or patience is over.
      const isOver = startMs < last || asked.atMs - startMs - stepMs > spec.stale;
      if (!isOver) continue;
      // Before anything was ever counted there is nothing that could be missing.
      if (oldestMs === null || startMs < oldestMs) known.add(startMs);
      else keep({ startMs, readings: missing(), reason: 'no-data', detail: counted.why, steps: 1 }, asked);
    }
    const newest = steps.at(-1)?.counted;
    return newest?.type === 'none' ? newest.why : null;
  }

  return { bound, trouble: watch.current, load, poll };
}

/** What is bound, of every step of the span; a text says why there is no answer. */
export async function askFor(
  source: TelemetrySource,
  { ask, split }: Pick<BoundQuery, 'ask' | 'split'>,
  span: StepSpan,
  signal: AbortSignal,
): Promise<Answers | string> {
  const one = async (name: 'good' | 'valid' | 'median', query: string) => {
    const answer = await source.ask(query, span, split, signal);
    return answer.ok ? answer.samples : `${name}: ${answer.reason}`;
  };
  if ('median' in ask) {
    const median = await one('median', ask.median);
    return typeof median === 'string' ? median : { median };
  }
  const [good, valid] = await Promise.all([one('good', ask.good), one('valid', ask.valid)]);
  if (typeof valid === 'string') return valid;
  return typeof good === 'string' ? good : { good, valid };
}

function splitOf(reading: Reading): string {
  return 'split' in reading ? reading.split : '';
}
