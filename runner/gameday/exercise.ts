/** The steps of one game-day, and what was found on the way. */
import type { Crossing } from '../../scenarios/injector.ts';
import type { MarkName } from '../../scenarios/journal.ts';
import type { Judgement, State } from '../../scenarios/quantile.ts';
import type { Scenario, Step } from '../../scenarios/scenario.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import { holds, type SteadyState } from './steady-state.ts';
import { NOTHING_MEASURED, type Findings, type Judged } from './verdict.ts';

export interface ExerciseOptions {
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly steadyState: SteadyState;
  readonly journal: Journal;
  readonly log: EvidenceLog;
  /** Monotonic ms since the start of the game-day; every time in here is one of these. */
  readonly sinceStartMs: () => number;
}

type WaitStep = Extract<Step, { type: 'wait' }>;
type Met = { readonly atMs: number; readonly detail: string };

export class Exercise {
  readonly #options: ExerciseOptions;
  readonly #marks = new Map<MarkName, number>();
  readonly #unmet: string[] = [];
  /** Of the last injection or lift: evidence from before it says nothing about what follows. */
  #actedAtMs = 0;
  #liftsLeft: number;
  #injectedAtMs: number | null = null;
  #liftedAtMs: number | null = null;
  #atLift: State = 'unknown';
  #atEnd: State = 'unknown';
  #heldAgainAtMs: number | null = null;
  #recoveredAtMs: number | null = null;

  constructor(options: ExerciseOptions) {
    this.#options = options;
    this.#liftsLeft = options.scenario.steps.filter((step) => step.type === 'lift').length;
  }

  /** The hypothesis broke while a fault was there. */
  impact(what: string): void {
    const atMs = this.#options.sinceStartMs();
    this.#mark('impact', what, this.#uncertaintyMs('hypothesis', atMs), atMs).catch(() => undefined);
  }

  /** Somebody says so: beside what is measured, never instead of it. */
  async said(what: MarkName, by: string, note: string | null): Promise<void> {
    const isInjected = this.#injectedAtMs !== null;
    const after = isInjected ? { afterMs: this.#sinceInjection(this.#options.sinceStartMs()) } : {};
    const source = note === null ? `${by}, by hand` : `${by}, by hand: ${note}`;
    await this.#options.journal.append({ type: 'mark', what, source, uncertaintyMs: 0, ...after, by, note });
  }

  /** Ends early, without a throw, when the signal aborts. Rejects when a fault cannot be injected or lifted. */
  async run(signal: AbortSignal): Promise<void> {
    let skipsToLift = false;
    for (const step of this.#options.scenario.steps) {
      if (signal.aborted) return;
      if (skipsToLift && step.type !== 'lift') continue;
      skipsToLift = false;
      if (step.type === 'inject') await this.#inject(step, signal);
      else if (step.type === 'lift') await this.#lift(step.fault, signal);
      else if (step.type === 'hold') await this.#hold(step.ms, signal);
      // What was waited for did not come: nothing is gained by leaving the fault there any longer.
      else skipsToLift = !(await this.#wait(step, signal)) && this.#liftsLeft > 0;
    }
    await this.#recover(signal);
  }

  /** Null when the exercise never got as far as to say anything. */
  findings(crossed: Crossing | null): Findings | null {
    if (this.#injectedAtMs === null || this.#liftedAtMs === null) return null;
    return {
      injectedAtMs: this.#injectedAtMs,
      liftedAtMs: this.#liftedAtMs,
      lastLiftedAtMs: this.#actedAtMs,
      hasBroken: this.#options.steadyState.brokenAtMs !== null || this.#atLift === 'unmet',
      detectedAtMs: this.#marks.get('detected') ?? null,
      atLift: this.#atLift,
      heldAgainAtMs: this.#heldAgainAtMs,
      mitigatedAtMs: this.#marks.get('mitigated') ?? null,
      recoveredAtMs: this.#recoveredAtMs,
      atEnd: this.#atEnd,
      crossed,
      unmet: this.#unmet,
    };
  }

  /** What was measured before the exercise was cut short. */
  measured(): Pick<Judged, keyof typeof NOTHING_MEASURED> {
    const after = (what: MarkName): number | null => {
      const atMs = this.#marks.get(what);
      return atMs === undefined ? null : this.#sinceInjection(atMs);
    };
    return { ...NOTHING_MEASURED, detectedAfterMs: after('detected'), liftedAfterMs: after('lifted') };
  }

  async #inject(step: Extract<Step, { type: 'inject' }>, signal: AbortSignal): Promise<void> {
    const { faults, steadyState, journal, sinceStartMs } = this.#options;
    if (this.#injectedAtMs === null) {
      await journal.append({ type: 'phase', phase: 'during' });
      steadyState.enter('during');
    }
    // Taken before the fault can bite, so that no impact seems to come before its cause.
    const atMs = sinceStartMs();
    steadyState.acted(atMs);
    const why = await faults.inject(step, signal);
    if (why !== null) throw new Error(`${step.id} could not be injected: ${why}`);
    this.#injectedAtMs ??= atMs;
    this.#acted();
    await this.#mark('injected', step.id, this.#actedAtMs - atMs, atMs);
  }

  async #lift(fault: string, signal: AbortSignal): Promise<void> {
    const { faults, steadyState, journal } = this.#options;
    if (this.#liftedAtMs === null) {
      this.#atLift = steadyState.hypothesis(this.#actedAtMs).state;
      this.#heldAgainAtMs = this.#sinceWhenItHolds();
      await steadyState.admitUnknown();
      await this.#mitigated();
    }
    // What was observed since would be read as the system's own strength.
    if (await faults.isLost(fault, signal)) throw new Error(`${fault} was gone before it was lifted`);
    const isGone = await faults.lift(fault);
    if (!isGone) throw new Error(`${fault} could not be lifted`);
    this.#acted();
    this.#liftedAtMs ??= this.#actedAtMs;
    this.#liftsLeft -= 1;
    await this.#mark('lifted', fault, 0);
    if (this.#liftsLeft > 0) return;
    steadyState.enter('after');
    await journal.append({ type: 'phase', phase: 'after' });
  }

  /** The present spell of the steady state, as far as it is a recovery. */
  #sinceWhenItHolds(): number | null {
    const { brokenAtMs, heldSinceMs } = this.#options.steadyState;
    return brokenAtMs === null || heldSinceMs === null ? null : Math.max(heldSinceMs, brokenAtMs);
  }

  /** It broke and holds again while the fault is there, whether or not the scenario waited for it. */
  async #mitigated(): Promise<void> {
    if (this.#atLift !== 'met' || this.#heldAgainAtMs === null || this.#marks.has('mitigated')) return;
    const atMs = this.#heldAgainAtMs;
    await this.#mark('mitigated', 'hypothesis', this.#uncertaintyMs('hypothesis', atMs), atMs);
  }

  #acted(): void {
    this.#actedAtMs = this.#options.sinceStartMs();
    this.#options.steadyState.acted(this.#actedAtMs);
  }

  #sinceInjection(atMs: number): number {
    return atMs - (this.#injectedAtMs ?? atMs);
  }

  async #hold(ms: number, signal: AbortSignal): Promise<void> {
    await this.#options.log.until(() => null, ms, signal);
  }

  async #wait(step: WaitStep, signal: AbortSignal): Promise<boolean> {
    const { journal, log, sinceStartMs } = this.#options;
    const name = step.for === 'hypothesis' ? 'hypothesis' : step.for.name;
    const sinceMs = this.#actedAtMs;
    const startedMs = sinceStartMs();
    await journal.append({ type: 'waiting', name, withinMs: step.withinMs });
    const waited = await log.until(() => this.#look(step, sinceMs), step.withinMs, signal);
    if (waited.state === 'stopped') return false;
    const met = waited.state === 'met';
    const detail = waited.state === 'met' ? waited.value.detail : this.#state(step, sinceMs).detail;
    const atMs = waited.state === 'met' ? waited.value.atMs : sinceStartMs();
    await journal.append({ type: 'condition', name, met, afterMs: atMs - startedMs, detail });
    if (!met) {
      this.#unmet.push(name);
      return false;
    }
    if (step.mark !== null) await this.#mark(step.mark, name, this.#uncertaintyMs(step.for, atMs), atMs);
    return true;
  }

  #look(step: WaitStep, sinceMs: number): Met | null {
    const { state, detail } = this.#state(step, sinceMs);
    return state === 'met' ? { atMs: this.#options.sinceStartMs(), detail } : null;
  }

  #state(step: WaitStep, sinceMs: number): Judgement {
    const { steadyState } = this.#options;
    if (step.for !== 'hypothesis') return steadyState.judge(step.for, sinceMs);
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
    const { scenario, log, steadyState, journal } = this.#options;
    const step: WaitStep = { type: 'wait', for: 'hypothesis', withinMs: scenario.settleMs, mark: null };
    const sinceMs = this.#actedAtMs;
    const waited = await log.until(() => this.#look(step, sinceMs), scenario.settleMs, signal);
    const { state: atEnd, parts } = steadyState.hypothesis(sinceMs);
    this.#atEnd = atEnd;
    for (const { name, state, detail } of parts) {
      await journal.append({ type: 'hypothesis', phase: 'after', name, ok: holds(state), detail });
    }
    if (waited.state !== 'met') return;
    if (!this.#marks.has('recovered'))
      await this.#mark('recovered', 'hypothesis', this.#uncertaintyMs(step.for, waited.value.atMs), waited.value.atMs);
    this.#recoveredAtMs = this.#marks.get('recovered') ?? waited.value.atMs;
  }

  /** Each once: the first time is the one that counts. */
  async #mark(what: MarkName, source: string, uncertaintyMs: number, atMs?: number): Promise<void> {
    const momentMs = atMs ?? this.#options.sinceStartMs();
    if (!this.#marks.has(what)) this.#marks.set(what, momentMs);
    else if (what !== 'injected' && what !== 'lifted') return;
    const afterMs = this.#sinceInjection(momentMs);
    await this.#options.journal.append({ type: 'mark', what, source, uncertaintyMs, afterMs });
  }
}
