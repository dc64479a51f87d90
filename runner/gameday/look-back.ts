/** What is looked at once nothing is broken any more: the alerts, and what trading must have kept. */
import { bounded } from './bounded.ts';
import type { ConductOptions, Stage } from './stage.ts';
import type { Desk } from './desk.ts';
import type { Exercise } from './exercise.ts';
import { FLAT, NONE_OPEN, type Held, type Invariant, type InvariantQuestion } from './invariants.ts';

const MODE_LEFT = 'degraded mode left';
/** Longest look at what trading kept. */
const INVARIANTS_MS = 15_000;
/** After a stop somebody waits for the end: what is wrong has less time to come right. */
const STOPPED = { allowedMs: 5_000, patienceMs: 3_000 };
/** What can be said of an exercise that was stopped, and how what is left is closed. */
const CLOSED_BY: Readonly<Record<string, string>> = {
  [FLAT]: 'close it at the venue by an opposite order',
  [NONE_OPEN]: 'cancel it with "pulsedrill sweep"',
};

/** Never rejects: what cannot be written is told elsewhere. */
export async function lookBack(
  exercise: Exercise,
  options: ConductOptions,
  stage: Stage,
  before: Held = {},
): Promise<void> {
  if (exercise.marks.originMs === null) return;
  await lookAtAlerts(exercise, stage);
  await lookAtTrading(exercise, options, stage, before);
}

async function lookAtAlerts(exercise: Exercise, { alerts, journal, stop }: Stage): Promise<void> {
  await alerts.untilJudged(stop.signal);
  const judged = alerts.judge();
  if (judged.expected.length > 0 || judged.unexpected.length > 0) {
    await journal.append({ type: 'alerts', ...judged }).catch(() => undefined);
  }
  for (const { rule, objective, service, state } of judged.expected) {
    if (state === 'in-time') continue;
    const about = objective ?? service;
    const words = { late: 'came late', missing: 'did not come', before: 'stood before the injection' }[state];
    exercise.miss(`expected alert ${words}: ${rule}${about === null ? '' : ` of ${about}`}`);
  }
  for (const { says } of judged.unexpected) exercise.miss(`unexpected alert: ${says}`);
}

async function lookAtTrading(exercise: Exercise, options: ConductOptions, stage: Stage, before: Held): Promise<void> {
  const { desk = null, clock, scenario } = options;
  const { journal, stop } = stage;
  for (const { name, ok, detail } of await invariants()) {
    await journal.append({ type: 'invariant', name, ok, detail }).catch(() => undefined);
    // The degraded mode has said so itself; a stopped exercise is aborted, whatever it left.
    if (ok === false && !stop.signal.aborted && name !== MODE_LEFT) exercise.miss(`${name}: ${detail}`);
  }

  async function invariants(): Promise<readonly Invariant[]> {
    const mode = modeLeft(exercise, scenario.degradedMode !== null);
    if (desk === null) return [];
    const toMs = clock.wallMs();
    const wallOf = (atMs: number): number => toMs - (stage.sinceStartMs() - atMs);
    const question = {
      component: scenario.component,
      fromMs: wallOf(exercise.marks.originMs ?? 0),
      soundMs: wallOf(exercise.marks.measuredAtMs('recovered') ?? exercise.lastLiftedAtMs),
      toMs,
      before,
    };
    if (!stop.signal.aborted) {
      const answer = await bounded((signal) => desk.invariants(question, signal), clock, INVARIANTS_MS, stop.signal);
      if (answer.ok) return [...answer.value, mode];
      if (!stop.signal.aborted) return [unchecked(answer.why), mode];
    }
    return [...(await left({ ...question, patienceMs: STOPPED.patienceMs }, desk)), mode];
  }

  /** Everything is undone by now: the stop waits for nothing but this. */
  async function left(question: InvariantQuestion, desk: Desk): Promise<readonly Invariant[]> {
    const unstopped = new AbortController().signal;
    const answer = await bounded((signal) => desk.invariants(question, signal), clock, STOPPED.allowedMs, unstopped);
    if (!answer.ok) return [unchecked(`the game-day was stopped, and then: ${answer.why}`)];
    return answer.value.flatMap((each) => {
      const how = CLOSED_BY[each.name];
      if (how === undefined) return [];
      return [each.ok === false ? { ...each, detail: `${each.detail}; ${how}` } : each];
    });
  }
}

const unchecked = (why: string): Invariant => ({ name: 'trading', ok: null, detail: `not checked because ${why}` });

function modeLeft(exercise: Exercise, isExpected: boolean): Invariant {
  const name = MODE_LEFT;
  const left = exercise.degradedMode?.left ?? null;
  if (left === null) {
    const why = isExpected ? 'the exercise did not get as far' : 'the scenario names no degraded mode';
    return { name, ok: null, detail: `not checked because ${why}` };
  }
  return { name, ok: left, detail: left ? 'left in time' : 'it was not left in time' };
}
