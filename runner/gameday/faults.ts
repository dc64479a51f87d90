/** The faults of one exercise: written down, applied, taken back. */
import type { Clock } from '../../probes/probe.ts';
import type { Answer, Crossing, Effect, Injector, InjectorProblem, Target } from '../../scenarios/injector.ts';
import type { InjectStep } from '../../scenarios/step.ts';
import { bounded } from './bounded.ts';
import { crossingEffect, unmeasured } from './effect.ts';
import type { Journal } from './journal.ts';

/** A fault that could not be taken back. */
export interface NotUndone {
  readonly fault: string;
  readonly target: Target;
  readonly why: string;
  readonly byHand: string;
}

/** What one fault did. */
export interface SeenEffect extends Effect {
  readonly fault: string;
}

export interface FaultsOptions {
  readonly injectors: ReadonlyMap<string, Injector>;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Confirms the lease; nothing is injected without. */
  readonly mayInject: () => Promise<boolean>;
}

/** One question to a target, unless its injector says otherwise. */
export const ASK_MS = 5_000;
/** When an exercise is stopped, nothing that a counter may say is worth a longer wait. */
const LAST_LOOK_MS = 250;
const UNDO_ROUNDS = 3;
const UNDO_PAUSE_MS = 500;

/** What the effect of a fault is worth waiting for. */
interface Look {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

interface Applied {
  readonly step: InjectStep;
  readonly injector: Injector;
  readonly undo: Parameters<Injector['undo']>[0];
  readonly before: Crossing | null;
}

/**
 * A call that was given up may still lie unread at its target, and be obeyed after its undo. For so long the fault is undone
 * again, at growing distances.
 */
const LATE_MS = 5_000;
const AGAIN_MS = 250;

export class Faults {
  readonly #options: FaultsOptions;
  /** In the order in which their undo was written down. */
  readonly #applied = new Map<string, Applied>();
  /** Faults whose injection was given up without an answer, and when, monotonic ms. */
  readonly #givenUp = new Map<string, number>();
  readonly #effects: SeenEffect[] = [];
  /** When each was gone, ms since the start of the game-day, as the journal has it. */
  readonly #liftedAtMs = new Map<string, number>();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** What each fault did while it was there, in the order in which they were lifted. */
  get effects(): readonly SeenEffect[] {
    return this.#effects;
  }

  /** Null: it was not lifted, or the journal did not take it. */
  liftedAtMs(id: string): number | null {
    return this.#liftedAtMs.get(id) ?? null;
  }

  /** Null when it was applied; otherwise why not. Even then its undo is outstanding: it may have been applied after all. */
  async inject(step: InjectStep, signal: AbortSignal): Promise<string | null> {
    const { injectors, journal, mayInject } = this.#options;
    const { target, fault } = step;
    const injector = injectors.get(target.injector);
    if (injector === undefined) return `no injector of kind ${target.injector}`;
    const prepared = await this.#ask((inner) => injector.prepare(target, fault, inner), signal);
    if (!prepared.ok) return prepared.problem.message;
    const undo = prepared.value;
    const before = await this.#effect(injector, target, signal);
    if (signal.aborted) return 'stopped';
    this.#applied.set(step.id, { step, injector, undo, before });
    await journal.append({ type: 'undo-prepared', fault: step.id, target, what: fault, undo });
    if (!(await mayInject())) return 'the guardian does not answer, and nothing is injected without one';
    if (signal.aborted) return 'stopped';
    const patienceMs = injector.patienceMs?.(target) ?? ASK_MS;
    let isThere = false;
    const injecting = (inner: AbortSignal) =>
      // Whoever asks for leave once nobody waits for its answer any more is not given it; what goes on acting is.
      injector.inject(target, fault, undo, inner, async () => (await mayInject()) && (isThere || !inner.aborted));
    const injected = await this.#ask(injecting, signal, patienceMs);
    isThere = injected.ok;
    if (!injected.ok) {
      const { code, message } = injected.problem;
      if (UNANSWERED.has(code)) this.#givenUp.set(step.id, this.#options.clock.monotonicMs());
      return message;
    }
    await journal.append({ type: 'injected', fault: step.id });
    return null;
  }

  /** It is not there any more although nobody here lifted it. What cannot be told is not lost. */
  async isLost(id: string, signal: AbortSignal): Promise<boolean> {
    const applied = this.#applied.get(id);
    if (applied?.injector.stands === undefined) return false;
    const { injector, undo } = applied;
    const stands = await this.#ask((inner) => injector.stands?.(undo, inner) ?? UNKNOWN, signal);
    return stands.ok && !stands.value;
  }

  /**
   * True when it is gone, read back from the target. Never rejects.
   * @param signal cuts short what is looked at before; never the undoing itself
   */
  async lift(id: string, signal: AbortSignal): Promise<boolean> {
    const left = await this.#undo([id], { withinMs: ASK_MS, signal });
    return left.length === 0;
  }

  /** Takes back whatever is left, the last one first, and says what resists. Never rejects. */
  async undoAll(): Promise<readonly NotUndone[]> {
    const look = { withinMs: LAST_LOOK_MS, signal: new AbortController().signal };
    return this.#undo([...this.#applied.keys()].toReversed(), look);
  }

  async #undo(ids: readonly string[], look: Look): Promise<readonly NotUndone[]> {
    let left: readonly NotUndone[] = [];
    let open = ids;
    const signal = new AbortController().signal;
    for (let round = 0; round < UNDO_ROUNDS && open.length > 0; round += 1) {
      if (round > 0) await this.#options.clock.sleep(UNDO_PAUSE_MS, signal);
      const results: NotUndone[] = [];
      for (const id of open) {
        const resisting = await this.#undoOne(id, look, signal);
        if (resisting !== null) results.push(resisting);
      }
      left = results;
      open = results.map(({ fault }) => fault);
    }
    // Only now, when nothing else waits to be undone.
    const settled = ids.filter((id) => !open.includes(id));
    const late = await Promise.all(settled.map((id) => this.#undoLate(id, signal)));
    left = [...left, ...late.filter((resisting) => resisting !== null)];
    for (const { fault, why, byHand } of left) {
      await this.#note({ type: 'lift-failed', fault, by: 'conductor', detail: why, byHand });
    }
    return left;
  }

  async #undoOne(id: string, look: Look, signal: AbortSignal): Promise<NotUndone | null> {
    const applied = this.#applied.get(id);
    if (applied === undefined) return null;
    const { step, injector, undo, before } = applied;
    const isGivenUp = this.#givenUp.has(id);
    // What was stopped on its way is taken back at once: that it had an effect is for nobody to say.
    const after = isGivenUp ? null : await this.#effect(injector, step.target, look.signal, look.withinMs);
    const proof = isGivenUp ? null : await this.#proof(step, injector, undo, look);
    const resisting = await this.#takeBack(id, applied, signal);
    if (resisting !== null) return resisting;
    if (isGivenUp) {
      await this.#note({ type: 'note', text: `${id}: undone in the middle of its injection, and looked at again` });
      return null;
    }
    this.#applied.delete(id);
    const crossed = difference(before, after);
    const effect = proof ?? crossingEffect(step.fault, crossed, injector.cuts ?? 'connection');
    this.#effects.push({ fault: id, ...effect });
    const detail = 'read back: nothing of it is left';
    await this.#note({ type: 'lifted', fault: id, by: 'conductor', verified: true, detail, crossed, effect });
    return null;
  }

  async #takeBack(id: string, { step, injector, undo }: Applied, signal: AbortSignal): Promise<NotUndone | null> {
    const patienceMs = injector.patienceMs?.(step.target) ?? ASK_MS;
    const answer = await this.#ask((inner) => injector.undo(undo, inner), signal, patienceMs);
    return answer.ok ? null : { fault: id, target: step.target, why: answer.problem.message, byHand: undo.byHand };
  }

  /** Of one that was given up: again and again, until what was on its way would have arrived. The journal holds it till then. */
  async #undoLate(id: string, signal: AbortSignal): Promise<NotUndone | null> {
    const { clock } = this.#options;
    const [applied, givenUpMs] = [this.#applied.get(id), this.#givenUp.get(id)];
    if (applied === undefined || givenUpMs === undefined) return null;
    const untilMs = givenUpMs + LATE_MS;
    let resisting: NotUndone | null = null;
    for (let pauseMs = AGAIN_MS; clock.monotonicMs() < untilMs; pauseMs *= 2) {
      await clock.sleep(Math.min(pauseMs, untilMs - clock.monotonicMs()), signal);
      resisting = await this.#takeBack(id, applied, signal);
    }
    if (resisting !== null) return resisting;
    this.#applied.delete(id);
    const detail = `read back: nothing of it is left, also ${LATE_MS / 1000} s after its injection was given up`;
    await this.#note({ type: 'lifted', fault: id, by: 'conductor', verified: true, detail, crossed: null });
    return null;
  }

  /** A journal that cannot be written any more must not keep a fault in place. */
  async #note(body: Parameters<Journal['append']>[0]): Promise<void> {
    const entry = await this.#options.journal.append(body).catch(() => null);
    if (entry?.type === 'lifted') this.#liftedAtMs.set(entry.fault, entry.sinceStartMs);
  }

  async #effect(injector: Injector, target: Target, signal: AbortSignal, withinMs = ASK_MS): Promise<Crossing | null> {
    if (injector.effect === undefined) return null;
    const answer = await this.#ask((inner) => injector.effect?.(target, inner) ?? UNCOUNTED, signal, withinMs);
    return answer.ok ? answer.value : null;
  }

  /** Null: its injector counts what crosses instead. */
  async #proof(
    { target, fault }: InjectStep,
    injector: Injector,
    undo: Applied['undo'],
    { signal, withinMs }: Look,
  ): Promise<Effect | null> {
    if (injector.proof === undefined) return null;
    const proving = (inner: AbortSignal) => injector.proof?.(target, fault, undo, inner) ?? UNPROVEN;
    const said = await this.#ask(proving, signal, withinMs);
    return said.ok ? said.value : unmeasured(said.problem.message);
  }

  async #ask<T>(
    work: (signal: AbortSignal) => Promise<Answer<T>>,
    signal: AbortSignal,
    withinMs = ASK_MS,
  ): Promise<Answer<T>> {
    const answer = await bounded(work, this.#options.clock, withinMs, signal);
    return answer.ok ? answer.value : { ok: false, problem: { code: 'failed', message: answer.why } };
  }
}

/** Whoever answers with anything else has not done it, and will not. */
const UNANSWERED: ReadonlySet<InjectorProblem['code']> = new Set(['failed', 'unreachable']);

const UNKNOWN: Promise<Answer<boolean>> = Promise.resolve({ ok: true, value: true });
const UNPROVEN: Promise<Answer<Effect>> = Promise.resolve({ ok: true, value: unmeasured('no proof') });
const UNCOUNTED: Promise<Answer<Crossing | null>> = Promise.resolve({ ok: true, value: null });

/** Null also where it counts anew since: whoever counted was started again. */
function difference(before: Crossing | null, after: Crossing | null): Crossing | null {
  if (before === null || after === null) return null;
  if (after.bytes < before.bytes || after.connections < before.connections || after.cut < before.cut) return null;
  return {
    bytes: after.bytes - before.bytes,
    connections: after.connections - before.connections,
    cut: after.cut - before.cut,
  };
}
