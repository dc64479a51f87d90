/** The exercise itself, once nothing speaks against it: its steps under guard, and whatever they come to, everything undone. */
import { messageOf } from './bounded.ts';
import type { ConductOptions, Stage } from './stage.ts';
import { Exercise } from './exercise.ts';
import { Faults } from './faults.ts';
import type { Guardian } from './guard.ts';
import type { CheckResult, GamedayOutcome } from './outcome.ts';
import { finish } from './prober-trouble.ts';
import type { Marks } from './marks.ts';
import { lookBack } from './look-back.ts';
import { judgeExercise } from './verdict.ts';

export interface Begun {
  readonly checks: readonly CheckResult[];
  /** Told before the first step. */
  readonly begins: (exercise: Exercise) => void;
}

export async function exerciseWith(
  guardian: Guardian,
  options: ConductOptions,
  stage: Stage,
  { checks, begins }: Begun,
): Promise<GamedayOutcome> {
  const { scenario, clock, injectors } = options;
  const { journal, log, steadyState, sinceStartMs, stop, over, inBackground, answers, alerts } = stage;
  const lost = (): void => stop.abort(guardian.lost.reason);
  if (guardian.lost.aborted) lost();
  guardian.lost.addEventListener('abort', lost);
  inBackground(
    clock.sleep(scenario.timeboxMs - sinceStartMs(), over.signal).then(
      () => stop.abort(new Error(`the timebox of ${scenario.timeboxMs} ms ended`)),
      () => undefined,
    ),
  );
  if (options.alarm !== undefined) inBackground(listenForAlarm(options.alarm, options.clock, stop, over.signal));
  const faults = new Faults({ injectors, journal, clock, mayInject: () => guardian.renew() });
  const onBegin = (marks: Marks): void => alerts.begin(marks);
  const exercise = new Exercise({ scenario, faults, steadyState, journal, log, answers, sinceStartMs, onBegin });
  begins(exercise);
  try {
    return await carryOut(exercise, faults, options, stage, { checks, isAlone: () => !guardian.lost.aborted });
  } finally {
    guardian.lost.removeEventListener('abort', lost);
    await guardian.finish();
  }
}

const ALARM_MS = 1000;

async function listenForAlarm(
  alarm: () => Error | null,
  clock: ConductOptions['clock'],
  stop: AbortController,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted && !stop.signal.aborted) {
    const why = alarm();
    if (why !== null) stop.abort(why);
    await clock.sleep(ALARM_MS, over).catch(() => undefined);
  }
}

interface Attended {
  readonly checks: readonly CheckResult[];
  /** A guardian that was lost may have lifted everything before: then nobody here can say when. */
  readonly isAlone: () => boolean;
}

async function carryOut(
  exercise: Exercise,
  faults: Faults,
  options: ConductOptions,
  stage: Stage,
  { checks, isAlone }: Attended,
): Promise<GamedayOutcome> {
  const { scenario, gamedayId } = options;
  const { journal, stop } = stage;
  let why: string | null = null;
  try {
    await exercise.run(stop.signal);
    if (stop.signal.aborted) why = stopText(stop.signal.reason);
  } catch (error) {
    why = stop.signal.aborted ? stopText(stop.signal.reason) : messageOf(error);
  }
  const notUndone = await faults.undoAll();
  if (isAlone()) await exercise.undone(notUndone.length === 0);
  await lookBack(exercise, options, stage, checks.find(({ held }) => held !== undefined)?.held);
  const findings = exercise.findings(faults.effects);
  const judged =
    why === null && findings !== null
      ? judgeExercise(findings, scenario)
      : { ...exercise.measured(), verdict: 'aborted' as const, passed: false, detail: why ?? 'nothing was injected' };
  const end =
    notUndone.length === 0 ? judged : { ...judged, passed: false, detail: `${judged.detail}; ${leftText(notUndone)}` };
  return { gamedayId, checks, notUndone, ...(await finish(end, journal, stop.signal)) };
}

/** A signal's name alone is no sentence. */
function stopText(reason: unknown): string {
  return typeof reason === 'string' ? `stopped by ${reason}` : messageOf(reason);
}

function leftText(notUndone: GamedayOutcome['notUndone']): string {
  return notUndone
    .map(({ fault, why, byHand }) => `${fault} is still there (${why}); undo it by hand: ${byHand}`)
    .join('; ');
}
