/** What is broken on purpose: put there and lifted in turn, and what was seen of the steady state at each lift. */
import type { State } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import { flatSteps, type InjectStep, type WaitStep } from '../../scenarios/step.ts';
import type { DegradedMode } from './degraded-mode.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';
import type { Marks } from './marks.ts';
import { Spells } from './spells.ts';
import type { SteadyState } from './steady-state.ts';

export interface BreakageOptions {
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly steadyState: SteadyState;
  readonly journal: Journal;
  readonly marks: Marks;
  readonly mode: DegradedMode | null;
  /** Monotonic ms since the start of the game-day; every time in here is one of these. */
  readonly sinceStartMs: () => number;
  /** Told when the clock of the marks begins. */
  readonly onBegin?: (marks: Marks) => void;
}

export class Breakage {
  readonly #options: BreakageOptions;
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
  #heldAgainAtMs: number | null = null;
  /** Injections and lifts of parallel branches take turns: each must know what came before it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: BreakageOptions) {
    this.#options = options;
    this.#liftsLeft = flatSteps(options.scenario.steps).filter((step) => step.type === 'lift').length;
  }

  get actedAtMs(): number {
    return this.#actedAtMs;
  }

  get liftsLeft(): number {
    return this.#liftsLeft;
  }

  get liftedAtMs(): number | null {
    return this.#liftedAtMs;
  }

  /** The worst of the steady state at the lifts. */
  get worst(): State {
    return this.#spells.worst;
  }

  /** Spells of which no probe could tell. */
  get untold(): readonly string[] {
    return this.#spells.untold;
  }

  /** Since when the steady state held again while a fault was there. */
  get heldAgainAtMs(): number | null {
    return this.#heldAgainAtMs;
  }

  isThere(fault: string): boolean {
    return this.#there.has(fault);
  }

  /** The first injection, or the first word of a drill. */
  async begin(atMs: number): Promise<void> {
    const { steadyState, journal, marks, onBegin } = this.#options;
    if (marks.originMs !== null) return;
    await journal.append({ type: 'phase', phase: 'during' });
    steadyState.enter('during');
    marks.begin(atMs);
    onBegin?.(marks);
  }

  /** Rejects when it cannot be injected. */
  inject(step: InjectStep, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#inject(step, signal));
  }

  /** Rejects when it cannot be lifted, or has gone by itself. */
  lift(fault: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#lift(fault, signal));
  }

  /** The lift of a fault whose injection was skipped: there is nothing to lift. */
  passOver(): Promise<void> {
    return this.#inTurn(async () => {
      this.#liftsLeft -= 1;
      if (this.#liftsLeft === 0 && this.#liftedAtMs !== null) await this.#enterAfter();
    });
  }

  /** Of people alone. Nothing is acted upon in it, so that no evidence is too old. */
  async endOfDrill(): Promise<void> {
    if (this.#options.marks.originMs === null) return;
    await this.#seeBeforeLift();
    this.#spells.end('');
    this.#liftedAtMs = this.#options.sinceStartMs();
    await this.#enterAfter();
  }

  /** Whatever was still there when it was cut short has been taken back: marks like any other lift. */
  async undone(isAll: boolean): Promise<void> {
    const { faults, marks } = this.#options;
    const lifts = [...this.#marked].flatMap((fault) => {
      const atMs = faults.liftedAtMs(fault);
      return atMs === null ? [] : [{ fault, atMs }];
    });
    for (const { fault, atMs } of lifts.toSorted((a, b) => a.atMs - b.atMs)) {
      await marks.set('lifted', fault, 0, atMs).catch(() => undefined);
      if (isAll) this.#liftedAtMs = atMs;
    }
  }

  /** Nothing that a fault or its end brought about can be older than the fault, or its end. */
  uncertaintyMs(what: WaitStep['for'], atMs: number): number {
    const { steadyState, scenario } = this.#options;
    const conditions = what === 'hypothesis' ? scenario.hypothesis : [what];
    return Math.max(0, Math.min(steadyState.uncertaintyMs(conditions, atMs), atMs - this.#actedAtMs));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #inject(step: InjectStep, signal: AbortSignal): Promise<void> {
    const { faults, steadyState, marks, sinceStartMs } = this.#options;
    // Taken before the fault can bite, so that no impact seems to come before its cause.
    const atMs = sinceStartMs();
    await this.begin(atMs);
    steadyState.acted(atMs);
    if (this.#there.size === 0) {
      steadyState.expose(true);
      // What came back before this is not what comes back after it.
      marks.reopen('recovered');
    }
    this.#there.add(step.id);
    this.#liftedAtMs = null;
    const why = await faults.inject(step, signal);
    if (why !== null) throw new Error(`${step.id} could not be injected: ${why}`);
    this.#acted();
    await marks.set('injected', step.id, this.#actedAtMs - atMs, atMs);
    this.#marked.add(step.id);
  }

  async #lift(fault: string, signal: AbortSignal): Promise<void> {
    const { faults, steadyState, marks, mode } = this.#options;
    await this.#seeBeforeLift();
    if (this.#liftsLeft === 1) await mode?.settleEntered();
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
      steadyState.expose(false);
    }
    this.#liftsLeft -= 1;
    await marks.set('lifted', fault, 0, this.#actedAtMs);
    if (this.#liftsLeft === 0) await this.#enterAfter();
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

  /** The present spell of the steady state, as far as it is a recovery. */
  #sinceWhenItHolds(): number | null {
    const { brokenInSpellAtMs, heldSinceMs } = this.#options.steadyState;
    return brokenInSpellAtMs === null || heldSinceMs === null ? null : Math.max(heldSinceMs, brokenInSpellAtMs);
  }

  /** It broke and holds again while the fault is there, whether or not the scenario waited for it. */
  async #mitigated(atMs: number): Promise<void> {
    const { marks } = this.#options;
    if (marks.has('mitigated')) return;
    await marks.set('mitigated', 'hypothesis', this.uncertaintyMs('hypothesis', atMs), atMs);
  }

  #acted(): void {
    this.#actedAtMs = this.#options.sinceStartMs();
    this.#options.steadyState.acted(this.#actedAtMs);
  }
}
