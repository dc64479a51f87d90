/** The steps of one game-day, and what was found on the way. */
import { GOAL_MARKS, type GoalMark } from '../../scenarios/charter.ts';
import type { MarkName } from '../../scenarios/journal.ts';
import type { State } from '../../scenarios/quantile.ts';
import { injections, type HumanStep, type PlainStep, type WaitStep } from '../../scenarios/step.ts';
import { Breakage } from './breakage.ts';
import { DegradedMode } from './degraded-mode.ts';
import type { Faults } from './faults.ts';
import { Marks } from './marks.ts';
import { recovery } from './recovery.ts';
import { NOTHING_MEASURED, type Findings, type Judged } from './verdict.ts';
import { askFor, nameOf, waitFor, waitForSuccess, type WaitingOptions } from './waiting.ts';
import { walk } from './walk.ts';

export interface ExerciseOptions extends WaitingOptions {
  readonly faults: Faults;
  /** Told when the clock of the marks begins. */
  readonly onBegin?: (marks: Marks) => void;
}

export class Exercise {
  readonly #options: ExerciseOptions;
  readonly #mode: DegradedMode | null;
  readonly #breakage: Breakage;
  readonly marks: Marks;
  /** Nothing is broken in it: people alone practise. */
  readonly #isDrill: boolean;
  readonly #unmet: string[] = [];
  /** Missed whatever became of the steady state. */
  readonly #missed: string[] = [];
  #atEnd: State = 'unknown';
  #recoveredAtMs: number | null = null;

  constructor(options: ExerciseOptions) {
    this.#options = options;
    const { scenario, journal, sinceStartMs } = options;
    this.#isDrill = injections(scenario.steps).length === 0;
    this.marks = new Marks(journal, sinceStartMs, this.#isDrill);
    this.#mode = scenario.degradedMode === null ? null : new DegradedMode({ ...options, mode: scenario.degradedMode });
    this.#breakage = new Breakage({ ...options, marks: this.marks, mode: this.#mode });
  }

  /** What the scenario's degraded mode came to; null where it has none. */
  get degradedMode(): DegradedMode | null {
    return this.#mode;
  }

  /** The last lift, or the end of a drill, ms since the start. */
  get lastLiftedAtMs(): number {
    return this.#isDrill ? (this.#breakage.liftedAtMs ?? 0) : this.#breakage.actedAtMs;
  }

  /** Something that was expected whatever became of the steady state, and did not come. */
  miss(what: string): void {
    this.#missed.push(what);
  }

  /** The hypothesis broke while a fault was there. */
  impact(what: string): void {
    const atMs = this.#options.sinceStartMs();
    this.marks.set('impact', what, this.#breakage.uncertaintyMs('hypothesis', atMs), atMs).catch(() => undefined);
  }

  /** Somebody says so: beside what is measured, never instead of it. */
  said(what: MarkName, by: string, note: string | null, how?: string): Promise<void> {
    return this.marks.said(what, by, note, how);
  }

  /** Ends early, without a throw, when the signal aborts. Rejects when a fault cannot be injected or lifted. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const watching = this.#watchMode(AbortSignal.any([signal, over.signal]));
    const breakage = this.#breakage;
    const walker = {
      isThere: (fault: string) => breakage.isThere(fault),
      liftsLeft: () => breakage.liftsLeft,
      passOver: () => breakage.passOver(),
      carryOut: (step: PlainStep, within: AbortSignal) => this.#carryOut(step, within),
    };
    try {
      await walk(this.#options.scenario.steps, walker, signal);
      if (!signal.aborted && breakage.liftedAtMs === null) await breakage.endOfDrill();
      if (!signal.aborted) await this.#recover(signal);
      if (!signal.aborted) await this.#mode?.untilLeft(breakage.actedAtMs, signal);
      if (!signal.aborted) this.#missed.push(...(await waitForSuccess(breakage.actedAtMs, this.#options, signal)));
    } finally {
      over.abort();
      await watching;
    }
  }

  /** Whatever was still there when it was cut short has been taken back. */
  undone(isAll: boolean): Promise<void> {
    return this.#breakage.undone(isAll);
  }

  /** Null when the exercise never got as far as to say anything. */
  findings(effects: Findings['effects']): Findings | null {
    const { liftedAtMs, worst, untold, heldAgainAtMs } = this.#breakage;
    const injectedAtMs = this.marks.originMs;
    if (injectedAtMs === null || liftedAtMs === null) return null;
    return {
      injectedAtMs,
      lastLiftedAtMs: this.lastLiftedAtMs,
      isDrill: this.#isDrill,
      hasBroken: this.#options.steadyState.brokenAtMs !== null || worst === 'unmet',
      detectedAtMs: this.marks.measuredAtMs('detected'),
      atLift: worst,
      untold,
      heldAgainAtMs,
      mitigatedAtMs: this.marks.measuredAtMs('mitigated'),
      recoveredAtMs: this.#recoveredAtMs,
      atEnd: this.#atEnd,
      effects,
      unmet: this.#unmet,
      missed: [...this.#missed, ...(this.#mode?.missed ?? [])],
      firstAtMs: Object.fromEntries(
        GOAL_MARKS.map((mark): [GoalMark, number | null] => [mark, this.marks.firstAtMs(mark)]),
      ),
    };
  }

  /** What was measured before the exercise was cut short. */
  measured(): Pick<Judged, keyof typeof NOTHING_MEASURED> {
    const after = (atMs: number | null): number | null => (atMs === null ? null : this.marks.sinceOrigin(atMs));
    const detectedAfterMs = after(this.marks.measuredAtMs('detected'));
    return { ...NOTHING_MEASURED, detectedAfterMs, liftedAfterMs: after(this.#breakage.liftedAtMs) };
  }

  /** False when it was waited for in vain. */
  async #carryOut(step: PlainStep, signal: AbortSignal): Promise<boolean> {
    switch (step.type) {
      case 'inject':
        await this.#breakage.inject(step, signal);
        return true;
      case 'lift':
        await this.#breakage.lift(step.fault, signal);
        return true;
      case 'hold':
        await this.#options.log.until(() => null, step.ms, signal);
        return true;
      case 'human':
        return this.#ask(step, signal);
      default:
        return this.#wait(step, signal);
    }
  }

  async #ask(step: HumanStep, signal: AbortSignal): Promise<boolean> {
    const startedMs = this.#options.sinceStartMs();
    if (this.#isDrill && this.marks.originMs === null) {
      await this.#breakage.begin(startedMs);
      await this.marks.set('began', step.id, 0, startedMs);
    }
    const said = await askFor(step, startedMs, this.#options, signal);
    if (said === 'stopped') return false;
    if (said === 'late') this.#missed.push(`not confirmed in time: ${step.id} (${step.who})`);
    else if (step.mark !== null && said.word !== step.mark) await this.said(step.mark, said.by, said.note, said.how);
    return said !== 'late';
  }

  async #wait(step: WaitStep, signal: AbortSignal): Promise<boolean> {
    const atMs = await waitFor(step, this.#breakage.actedAtMs, this.#options, signal);
    if (atMs === 'stopped') return false;
    const name = nameOf(step.for);
    if (atMs === 'late') {
      this.#unmet.push(name);
      return false;
    }
    if (step.mark !== null) await this.marks.set(step.mark, name, this.#breakage.uncertaintyMs(step.for, atMs), atMs);
    return true;
  }

  /** The hypothesis after: by evidence from after the last lift, whether or not the scenario waited for it. */
  async #recover(signal: AbortSignal): Promise<void> {
    const sinceMs = this.#breakage.actedAtMs;
    const uncertaintyMs = (atMs: number) => this.#breakage.uncertaintyMs('hypothesis', atMs);
    const found = await recovery({ ...this.#options, marks: this.marks, sinceMs, uncertaintyMs }, signal);
    this.#atEnd = found.atEnd;
    this.#recoveredAtMs = found.recoveredAtMs;
  }

  async #watchMode(signal: AbortSignal): Promise<void> {
    const mode = this.#mode;
    if (mode === null) return;
    const begun = await this.#options.log.until(() => this.marks.originMs, Number.POSITIVE_INFINITY, signal);
    if (begun.state === 'met') await mode.watch(begun.value, signal).catch(() => undefined);
  }
}
