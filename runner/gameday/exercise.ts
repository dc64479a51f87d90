/** The steps of one game-day, and what was found on the way. */
import { GOAL_MARKS, type GoalMark } from '../../scenarios/charter.ts';
import type { Condition } from '../../scenarios/condition.ts';
import type { MarkName } from '../../scenarios/journal.ts';
import type { Judgement, State } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import {
  flatSteps,
  injections,
  type HumanStep,
  type InjectStep,
  type Step,
  type WaitStep,
} from '../../scenarios/step.ts';
import type { Answers } from './answers.ts';
import { DegradedMode } from './degraded-mode.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import { Marks } from './marks.ts';
import { recovery } from './recovery.ts';
import { Spells } from './spells.ts';
import { type SteadyState } from './steady-state.ts';
import { NOTHING_MEASURED, type Findings, type Judged } from './verdict.ts';

export interface ExerciseOptions {
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly steadyState: SteadyState;
  readonly journal: Journal;
  readonly log: EvidenceLog;
  readonly answers: Answers;
  /** Monotonic ms since the start of the game-day; every time in here is one of these. */
  readonly sinceStartMs: () => number;
  /** Told when the clock of the marks begins. */
  readonly onBegin?: (marks: Marks) => void;
}

type Met = { readonly atMs: number; readonly detail: string };

export class Exercise {
  readonly #options: ExerciseOptions;
  readonly #mode: DegradedMode | null;
  readonly marks: Marks;
  readonly #unmet: string[] = [];
  /** Missed whatever became of the steady state. */
  readonly #missed: string[] = [];
  /** Of the last injection or lift: evidence from before it says nothing about what follows. */
  #actedAtMs = 0;
  #liftsLeft: number;
  /** Faults that are there now, as far as the steps know. */
  readonly #there = new Set<string>();
  /** Those of them that are marked as injected. */
  readonly #marked = new Set<string>();
  /** The last lift that left nothing in place; null while something is. */
  #liftedAtMs: number | null = null;
  readonly #spells = new Spells();
  #atEnd: State = 'unknown';
  #heldAgainAtMs: number | null = null;
  #recoveredAtMs: number | null = null;
  /** Injections and lifts of parallel branches take turns: each must know what came before it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ExerciseOptions) {
    this.#options = options;
    const { scenario, journal, sinceStartMs } = options;
    this.marks = new Marks(journal, sinceStartMs, this.#isDrill);
    this.#mode = scenario.degradedMode === null ? null : new DegradedMode({ ...options, mode: scenario.degradedMode });
    this.#liftsLeft = flatSteps(scenario.steps).filter((step) => step.type === 'lift').length;
  }

  /** What the scenario's degraded mode came to; null where it has none. */
  get degradedMode(): DegradedMode | null {
    return this.#mode;
  }

  /** The last lift, or the end of a drill, ms since the start. */
  get lastLiftedAtMs(): number {
    return this.#isDrill ? (this.#liftedAtMs ?? 0) : this.#actedAtMs;
  }

  /** Something that was expected whatever became of the steady state, and did not come. */
  miss(what: string): void {
    this.#missed.push(what);
  }

  /** The hypothesis broke while a fault was there. */
  impact(what: string): void {
    const atMs = this.#options.sinceStartMs();
    this.marks.set('impact', what, this.#uncertaintyMs('hypothesis', atMs), atMs).catch(() => undefined);
  }

  /** Somebody says so: beside what is measured, never instead of it. */
  said(what: MarkName, by: string, note: string | null, how?: string): Promise<void> {
    return this.marks.said(what, by, note, how);
  }

  /** Ends early, without a throw, when the signal aborts. Rejects when a fault cannot be injected or lifted. */
  async run(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const watching = this.#watchMode(AbortSignal.any([signal, over.signal]));
    try {
      await this.#walk(this.#options.scenario.steps, signal);
      if (!signal.aborted && this.#liftedAtMs === null) await this.#endOfDrill();
      if (!signal.aborted) await this.#recover(signal);
      if (!signal.aborted) await this.#mode?.untilLeft(this.#actedAtMs, signal);
      if (!signal.aborted) await this.#succeed(signal);
    } finally {
      over.abort();
      await watching;
    }
  }

  /** False when something in it was waited for in vain. */
  async #walk(steps: readonly Step[], signal: AbortSignal): Promise<boolean> {
    let skipsToLift = false;
    let all = true;
    for (const step of steps) {
      if (signal.aborted) return all;
      if (step.type === 'lift' && !this.#there.has(step.fault)) {
        await this.#inTurn(() => this.#passOver());
        continue;
      }
      if (skipsToLift && step.type !== 'lift') continue;
      skipsToLift = false;
      const met = await this.#carryOut(step, signal);
      all &&= met;
      // What was waited for did not come: nothing is gained by leaving the fault there any longer.
      skipsToLift = !met && this.#liftsLeft > 0;
    }
    return all;
  }

  async #carryOut(step: Step, signal: AbortSignal): Promise<boolean> {
    switch (step.type) {
      case 'inject':
        await this.#inTurn(() => this.#inject(step, signal));
        return true;
      case 'lift':
        await this.#inTurn(() => this.#lift(step.fault, signal));
        return true;
      case 'hold':
        await this.#options.log.until(() => null, step.ms, signal);
        return true;
      case 'human':
        return this.#ask(step, signal);
      case 'parallel':
        return this.#together(step.branches, signal);
      default:
        return this.#wait(step, signal);
    }
  }

  /** One branch that cannot go on stops the others. */
  async #together(branches: readonly (readonly Step[])[], signal: AbortSignal): Promise<boolean> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const ended = await Promise.allSettled(
      branches.map((branch) =>
        this.#walk(branch, either).catch((error: unknown) => {
          stop.abort(error);
          throw error;
        }),
      ),
    );
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return ended.every((each) => each.status === 'fulfilled' && each.value);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Null when the exercise never got as far as to say anything. */
  findings(effects: Findings['effects']): Findings | null {
    const injectedAtMs = this.marks.originMs;
    if (injectedAtMs === null || this.#liftedAtMs === null) return null;
    return {
      injectedAtMs,
      lastLiftedAtMs: this.lastLiftedAtMs,
      isDrill: this.#isDrill,
      hasBroken: this.#options.steadyState.brokenAtMs !== null || this.#spells.worst === 'unmet',
      detectedAtMs: this.marks.measuredAtMs('detected'),
      atLift: this.#spells.worst,
      untold: this.#spells.untold,
      heldAgainAtMs: this.#heldAgainAtMs,
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

  /** Whatever was still there when it was cut short has been taken back: marks like any other lift. */
  async undone(isAll: boolean): Promise<void> {
    const lifts = [...this.#marked].flatMap((fault) => {
      const atMs = this.#options.faults.liftedAtMs(fault);
      return atMs === null ? [] : [{ fault, atMs }];
    });
    for (const { fault, atMs } of lifts.toSorted((a, b) => a.atMs - b.atMs)) {
      await this.marks.set('lifted', fault, 0, atMs).catch(() => undefined);
      if (isAll) this.#liftedAtMs = atMs;
    }
  }

  /** What was measured before the exercise was cut short. */
  measured(): Pick<Judged, keyof typeof NOTHING_MEASURED> {
    const after = (what: MarkName): number | null => {
      const atMs = this.marks.measuredAtMs(what);
      return atMs === null ? null : this.marks.sinceOrigin(atMs);
    };
    const liftedAfterMs = this.#liftedAtMs === null ? null : this.marks.sinceOrigin(this.#liftedAtMs);
    return { ...NOTHING_MEASURED, detectedAfterMs: after('detected'), liftedAfterMs };
  }

  /** Nothing is broken in it: people alone practise. */
  get #isDrill(): boolean {
    return injections(this.#options.scenario.steps).length === 0;
  }

  async #begin(atMs: number): Promise<void> {
    const { steadyState, journal, onBegin } = this.#options;
    if (this.marks.originMs !== null) return;
    await journal.append({ type: 'phase', phase: 'during' });
    steadyState.enter('during');
    this.marks.begin(atMs);
    onBegin?.(this.marks);
  }

  async #inject(step: InjectStep, signal: AbortSignal): Promise<void> {
    const { faults, steadyState, sinceStartMs } = this.#options;
    // Taken before the fault can bite, so that no impact seems to come before its cause.
    const atMs = sinceStartMs();
    await this.#begin(atMs);
    steadyState.acted(atMs);
    if (this.#there.size === 0) {
      steadyState.expose(true);
      // What came back before this is not what comes back after it.
      this.marks.reopen('recovered');
    }
    this.#there.add(step.id);
    this.#liftedAtMs = null;
    const why = await faults.inject(step, signal);
    if (why !== null) throw new Error(`${step.id} could not be injected: ${why}`);
    this.#acted();
    await this.marks.set('injected', step.id, this.#actedAtMs - atMs, atMs);
    this.#marked.add(step.id);
  }

  async #lift(fault: string, signal: AbortSignal): Promise<void> {
    const { faults } = this.#options;
    await this.#seeBeforeLift();
    if (this.#liftsLeft === 1) await this.#mode?.settleEntered();
    // What was observed since would be read as the system's own strength.
    if (await faults.isLost(fault, signal)) throw new Error(`${fault} was gone before it was lifted`);
    const isGone = await faults.lift(fault, signal);
    if (!isGone) throw new Error(`${fault} could not be lifted`);
    this.#acted();
    this.#there.delete(fault);
    this.#marked.delete(fault);
    if (this.#there.size === 0) {
      this.#liftedAtMs = this.#actedAtMs;
      this.#spells.end(fault);
      this.#options.steadyState.expose(false);
    }
    this.#liftsLeft -= 1;
    await this.marks.set('lifted', fault, 0, this.#actedAtMs);
    if (this.#liftsLeft === 0) await this.#enterAfter();
  }

  /** The lift of a fault whose injection was skipped: there is nothing to lift. */
  async #passOver(): Promise<void> {
    this.#liftsLeft -= 1;
    if (this.#liftsLeft === 0 && this.#liftedAtMs !== null) await this.#enterAfter();
  }

  async #enterAfter(): Promise<void> {
    const { steadyState, journal } = this.#options;
    steadyState.enter('after');
    await journal.append({ type: 'phase', phase: 'after' });
  }

  async #seeBeforeLift(): Promise<void> {
    const { steadyState } = this.#options;
    const { state } = steadyState.hypothesis(this.#actedAtMs);
    this.#spells.see(state);
    const heldAgainAtMs = this.#sinceWhenItHolds();
    this.#heldAgainAtMs ??= heldAgainAtMs;
    await steadyState.admitUnknown();
    if (state === 'met' && heldAgainAtMs !== null) await this.#mitigated(heldAgainAtMs);
  }

  /** Of people alone. Nothing is acted upon in it, so that no evidence is too old. */
  async #endOfDrill(): Promise<void> {
    if (this.marks.originMs === null) return;
    await this.#seeBeforeLift();
    this.#spells.end('');
    this.#liftedAtMs = this.#options.sinceStartMs();
    await this.#enterAfter();
  }

  /** The present spell of the steady state, as far as it is a recovery. */
  #sinceWhenItHolds(): number | null {
    const { brokenInSpellAtMs, heldSinceMs } = this.#options.steadyState;
    return brokenInSpellAtMs === null || heldSinceMs === null ? null : Math.max(heldSinceMs, brokenInSpellAtMs);
  }

  /** It broke and holds again while the fault is there, whether or not the scenario waited for it. */
  async #mitigated(atMs: number): Promise<void> {
    if (this.marks.has('mitigated')) return;
    await this.marks.set('mitigated', 'hypothesis', this.#uncertaintyMs('hypothesis', atMs), atMs);
  }

  #acted(): void {
    this.#actedAtMs = this.#options.sinceStartMs();
    this.#options.steadyState.acted(this.#actedAtMs);
  }

  async #ask(step: HumanStep, signal: AbortSignal): Promise<boolean> {
    const { journal, answers, sinceStartMs } = this.#options;
    const startedMs = sinceStartMs();
    if (this.#isDrill && this.marks.originMs === null) {
      await this.#begin(startedMs);
      await this.marks.set('began', step.id, 0, startedMs);
    }
    const { id, what, who, withinMs } = step;
    await journal.append({ type: 'asked', step: id, what, who, withinMs });
    const said = await answers.wait(step, startedMs, signal);
    if (signal.aborted) return false;
    const afterMs = (said?.atMs ?? sinceStartMs()) - startedMs;
    const ok = said !== null;
    await journal.append({ type: 'answered', step: id, ok, by: said?.by ?? null, note: said?.note ?? null, afterMs });
    if (said === null) this.#missed.push(`not confirmed in time: ${id} (${who})`);
    else if (step.mark !== null && said.word !== step.mark) await this.said(step.mark, said.by, said.note, said.how);
    return ok;
  }

  async #wait(step: WaitStep, signal: AbortSignal): Promise<boolean> {
    const { journal, log, sinceStartMs } = this.#options;
    const name = step.for === 'hypothesis' ? 'hypothesis' : step.for.name;
    const sinceMs = this.#actedAtMs;
    const startedMs = sinceStartMs();
    await journal.append({ type: 'waiting', name, withinMs: step.withinMs });
    const waited = await log.until(() => this.#look(step.for, sinceMs), step.withinMs, signal);
    if (waited.state === 'stopped') return false;
    const met = waited.state === 'met';
    const detail = waited.state === 'met' ? waited.value.detail : this.#state(step.for, sinceMs).detail;
    const atMs = waited.state === 'met' ? waited.value.atMs : sinceStartMs();
    await journal.append({ type: 'condition', name, met, afterMs: atMs - startedMs, detail });
    if (!met) {
      this.#unmet.push(name);
      return false;
    }
    if (step.mark !== null) await this.marks.set(step.mark, name, this.#uncertaintyMs(step.for, atMs), atMs);
    return true;
  }

  #look(what: WaitStep['for'], sinceMs: number): Met | null {
    const { state, detail } = this.#state(what, sinceMs);
    return state === 'met' ? { atMs: this.#options.sinceStartMs(), detail } : null;
  }

  #state(what: WaitStep['for'], sinceMs: number): Judgement {
    const { steadyState } = this.#options;
    if (what !== 'hypothesis') return steadyState.judge(what, sinceMs);
    const { state, parts } = steadyState.hypothesis(sinceMs);
    const telling = parts.filter((part) => part.state === state);
    return { state, detail: telling.map((part) => `${part.name} (${part.detail})`).join('; ') };
  }

  /** Nothing that a fault or its end brought about can be older than the fault, or its end. */
  #uncertaintyMs(what: WaitStep['for'], atMs: number): number {
    const { steadyState, scenario } = this.#options;
    const conditions = what === 'hypothesis' ? scenario.hypothesis : [what];
    return Math.max(0, Math.min(steadyState.uncertaintyMs(conditions, atMs), atMs - this.#actedAtMs));
  }

  /** The hypothesis after: by evidence from after the last lift, whether or not the scenario waited for it. */
  async #recover(signal: AbortSignal): Promise<void> {
    const sinceMs = this.#actedAtMs;
    const uncertaintyMs = (atMs: number) => this.#uncertaintyMs('hypothesis', atMs);
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

  /** What must be so in the end. */
  async #succeed(signal: AbortSignal): Promise<void> {
    const { scenario, journal, log, steadyState } = this.#options;
    const sinceMs = this.#actedAtMs;
    const all = () => scenario.success.every((each) => steadyState.judge(each, sinceMs).state === 'met');
    if (scenario.success.length === 0) return;
    const waited = await log.until(() => (all() ? true : null), scenario.settleMs, signal);
    if (waited.state === 'stopped') return;
    for (const condition of scenario.success) await this.#judgeSuccess(condition, sinceMs, journal);
  }

  async #judgeSuccess(condition: Condition, sinceMs: number, journal: Journal): Promise<void> {
    const { state, detail } = this.#options.steadyState.judge(condition, sinceMs);
    const ok = state === 'unknown' ? null : state === 'met';
    await journal.append({ type: 'success', name: condition.name, ok, detail });
    if (ok !== true) this.#missed.push(`not so in the end: ${condition.name} (${detail})`);
  }
}
