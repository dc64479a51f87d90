/** The degraded mode that a scenario expects: entered after the injection, left after the last lift, watched all the while. */
import type { Scenario } from '../../scenarios/scenario.ts';
import type { EvidenceLog } from './evidence-log.ts';
import type { Journal } from './journal.ts';
import type { SteadyState } from './steady-state.ts';

export interface DegradedModeOptions {
  readonly mode: NonNullable<Scenario['degradedMode']>;
  readonly steadyState: SteadyState;
  readonly log: EvidenceLog;
  readonly journal: Journal;
  readonly sinceStartMs: () => number;
}

export class DegradedMode {
  readonly #options: DegradedModeOptions;
  #injectedAtMs: number | null = null;
  #entered: boolean | null = null;
  #left: boolean | null = null;

  constructor(options: DegradedModeOptions) {
    this.#options = options;
  }

  get left(): boolean | null {
    return this.#left;
  }

  get name(): string {
    return this.#options.mode.entered.when.name;
  }

  /** What was not as expected, a line each. */
  get missed(): readonly string[] {
    const { entered, left } = this.#options.mode;
    return [
      ...(this.#entered === false ? [`degraded mode not entered in time: ${entered.when.name}`] : []),
      ...(this.#left === false ? [`degraded mode not left in time: ${left.when.name}`] : []),
    ];
  }

  /** Looks on its own clock, whatever the steps wait for. */
  async watch(injectedAtMs: number, signal: AbortSignal): Promise<void> {
    const { mode, log, sinceStartMs } = this.#options;
    this.#injectedAtMs = injectedAtMs;
    const spentMs = sinceStartMs() - injectedAtMs;
    await log.until(() => (this.#lookEntered() ? true : null), Math.max(0, mode.entered.withinMs - spentMs), signal);
    if (!signal.aborted) await this.settleEntered();
  }

  /** After the last lift: until it is left, or its time is over. */
  async untilLeft(liftedAtMs: number, signal: AbortSignal): Promise<void> {
    const { mode, steadyState, log, journal, sinceStartMs } = this.#options;
    await this.settleEntered();
    const { when, withinMs } = mode.left;
    const judged = () => steadyState.judge(when, liftedAtMs);
    const waited = await log.until(() => (judged().state === 'met' ? judged().detail : null), withinMs, signal);
    if (waited.state === 'stopped') return;
    this.#left = waited.state === 'met';
    await journal.append({
      type: 'degraded-mode',
      change: 'left',
      name: when.name,
      ok: this.#left,
      afterMs: sinceStartMs() - liftedAtMs,
      withinMs,
      detail: waited.state === 'met' ? waited.value : judged().detail,
    });
  }

  #lookEntered(): boolean {
    const { mode, steadyState } = this.#options;
    return steadyState.judge(mode.entered.when, this.#injectedAtMs ?? 0).state === 'met';
  }

  /** Told once: when it was seen, when its time was over, or when the last fault was lifted before that. */
  async settleEntered(): Promise<void> {
    if (this.#entered !== null || this.#injectedAtMs === null) return;
    const { mode, steadyState, journal, sinceStartMs } = this.#options;
    const { when, withinMs } = mode.entered;
    const afterMs = sinceStartMs() - this.#injectedAtMs;
    const { detail } = steadyState.judge(when, this.#injectedAtMs);
    this.#entered = this.#lookEntered();
    await journal.append({
      type: 'degraded-mode',
      change: 'entered',
      name: when.name,
      ok: this.#entered,
      afterMs,
      withinMs,
      detail,
    });
  }
}
