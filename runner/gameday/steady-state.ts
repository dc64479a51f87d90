/** Watches the hypothesis and the abort conditions on their own clock, whatever the steps are waiting for. */
import type { Clock } from '../../probes/probe.ts';
import type { Condition } from '../../scenarios/condition.ts';
import { runsOf } from '../../scenarios/condition.ts';
import { judge, judgeSteady, sinceLookedMs, type View } from '../../scenarios/evidence.ts';
import type { Phase } from '../../scenarios/journal.ts';
import type { Judgement, State } from '../../scenarios/quantile.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Journal } from './journal.ts';

export interface SteadyStateOptions {
  readonly scenario: Scenario;
  readonly log: EvidenceLog;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly sinceStartMs: () => number;
  /** Null: no such probe. */
  readonly intervalMs: (probe: string) => number | null;
}

/** A probe that missed three turns, and this much besides, is silent. */
const SILENT_TURNS = 3;
const SILENT_MS = 2_000;

export class SteadyState {
  readonly #options: SteadyStateOptions;
  readonly #known = new Map<string, State>();
  #phase: Phase = 'before';
  /** Evidence from before this says nothing about the phase. */
  #sinceMs = 0;
  #brokenAtMs: number | null = null;
  #brokenInSpellAtMs: number | null = null;
  /** Between two faults: nothing is broken on purpose, and more will be. */
  #isCalm = false;
  #heldSinceMs: number | null = null;

  constructor(options: SteadyStateOptions) {
    this.#options = options;
  }

  enter(phase: Phase): void {
    this.#phase = phase;
    this.#known.clear();
  }

  /** A fault was injected or lifted: what was seen before, ms since the start, is no evidence any more. */
  acted(atMs: number): void {
    this.#sinceMs = atMs;
  }

  /** A fault is put where none was, or none is left: what breaks meanwhile is the doing of the one before, and no impact. */
  expose(isFaulty: boolean): void {
    this.#isCalm = !isFaulty;
    if (isFaulty) this.#brokenInSpellAtMs = null;
  }

  /** Says of every condition that no probe has told anything of in this phase that it is not known. */
  async admitUnknown(): Promise<void> {
    for (const { name, state, detail } of this.hypothesis(this.#sinceMs).parts) {
      if (state !== 'unknown' || this.#known.has(name)) continue;
      await this.#options.journal.append({ type: 'hypothesis', phase: this.#phase, name, ok: null, detail });
    }
  }

  /** First seen not to hold while a fault was there, ms since the start. */
  get brokenAtMs(): number | null {
    return this.#brokenAtMs;
  }

  /** The same, since a fault was last put where none was. */
  get brokenInSpellAtMs(): number | null {
    return this.#brokenInSpellAtMs;
  }

  /** Since when all of it has held without a break; null while it does not. */
  get heldSinceMs(): number | null {
    return this.#heldSinceMs;
  }

  judge(condition: Condition, sinceMs: number): Judgement {
    return judge(condition, this.#view(sinceMs));
  }

  #view(sinceMs: number): View {
    const { log, sinceStartMs } = this.#options;
    return {
      nowMs: sinceStartMs(),
      sinceMs,
      isLifted: this.#phase === 'after' || this.#isCalm,
      runs: (probe) => log.runs(probe),
      patienceMs: (probe) => this.#patienceMs(probe),
    };
  }

  /** All of the hypothesis by evidence from after `sinceMs`, each condition by its name. */
  hypothesis(sinceMs: number): { readonly state: State; readonly parts: readonly (Judgement & { name: string })[] } {
    const parts = this.#options.scenario.hypothesis.map((condition) => ({
      name: condition.name,
      ...judgeSteady(condition, this.#view(sinceMs)),
    }));
    const has = (state: State): boolean => parts.some((part) => part.state === state);
    return { state: has('unmet') ? 'unmet' : has('unknown') ? 'unknown' : 'met', parts };
  }

  /**
   * How much earlier than `atMs` what a condition says may have come true: as many turns of its slowest probe as it looks back, and
   * longer where runs were faults or skipped, or came late: back to the last run that looked before those.
   */
  uncertaintyMs(conditions: readonly Condition[], atMs: number): number {
    const turns = conditions.flatMap((condition) =>
      condition.checks.map((check) => {
        const turnsMs = runsOf(check) * (this.#options.intervalMs(check.probe) ?? 0);
        return Math.max(turnsMs, sinceLookedMs(check, { ...this.#view(0), nowMs: atMs }));
      }),
    );
    return Math.max(0, ...turns);
  }

  /**
   * Runs until the signal aborts. Each change of a condition goes to the journal.
   * @param onImpact called once, when the hypothesis breaks while a fault is there
   * @param onAbort called when an abort condition is met after the phase `before`
   */
  async watch(onImpact: (detail: string) => void, onAbort: (why: string) => void, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const forever = Number.POSITIVE_INFINITY;
    await log.until(() => this.#look(onImpact, onAbort), forever, signal);
  }

  /** Always null: it is asked again until the signal aborts. */
  #look(onImpact: (detail: string) => void, onAbort: (why: string) => void): null {
    const { scenario, sinceStartMs } = this.#options;
    const { state, parts } = this.hypothesis(this.#sinceMs);
    for (const part of parts) this.#tell(part);
    if (state === 'met') this.#heldSinceMs ??= sinceStartMs();
    else this.#heldSinceMs = null;
    const isBroken = this.#phase === 'during' && !this.#isCalm && state === 'unmet';
    if (isBroken) this.#brokenInSpellAtMs ??= sinceStartMs();
    if (isBroken && this.#brokenAtMs === null) {
      this.#brokenAtMs = sinceStartMs();
      onImpact(parts.find((part) => part.state === 'unmet')?.name ?? 'hypothesis');
    }
    if (this.#phase === 'before') return null;
    for (const condition of scenario.abort) {
      const { state, detail } = this.judge(condition, Number.NEGATIVE_INFINITY);
      if (state === 'met') onAbort(`${condition.name}: ${detail}`);
    }
    return null;
  }

  #tell(part: Judgement & { readonly name: string }): void {
    if (this.#known.get(part.name) === part.state) return;
    // Before it has said anything, not knowing is no news.
    if (part.state === 'unknown' && !this.#known.has(part.name)) return;
    this.#known.set(part.name, part.state);
    const { name, state, detail } = part;
    this.#options.journal
      .append({ type: 'hypothesis', phase: this.#phase, name, ok: holds(state), detail })
      .catch(() => undefined);
  }

  #patienceMs(probe: string): number {
    const intervalMs = this.#options.intervalMs(probe);
    return intervalMs === null ? Number.POSITIVE_INFINITY : SILENT_TURNS * intervalMs + SILENT_MS;
  }
}

/** Null: not known, which is neither. */
export function holds(state: State): boolean | null {
  return state === 'unknown' ? null : state === 'met';
}

/** Every probe that a scenario's conditions ask. */
export function askedProbes(conditions: readonly Condition[]): readonly string[] {
  const checks = conditions.flatMap((condition) => condition.checks);
  return [...new Set(checks.flatMap(({ type, probe }) => (type === 'outcome' || type === 'indicator' ? [probe] : [])))];
}
