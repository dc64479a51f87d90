/**
 * Conducts one game-day: looks before it breaks anything, writes the undo down before each injection, watches all the
 * while, and undoes everything whatever happens.
 */
import { dirname } from 'node:path';
import { openProbe } from '../../probes/kinds.ts';
import type { ProbeEnvironment } from '../../probes/kind.ts';
import type { Clock, Probe } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { WatchSpec } from '../../scenarios/watch.ts';
import type { Witness } from '../witness.ts';
import { messageOf } from './bounded.ts';
import { checks } from './check.ts';
import { EvidenceLog } from './evidence-log.ts';
import { Exercise } from './exercise.ts';
import { Faults } from './faults.ts';
import type { StartGuardian } from './guard.ts';
import type { Journal } from './journal.ts';
import { openJournal, transientJournal } from './journal.ts';
import { holdLock } from './lock.ts';
import type { CheckResult, GamedayOutcome } from './outcome.ts';
import { SteadyState } from './steady-state.ts';
import { judgeExercise } from './verdict.ts';
import { runWatches, watchIntervalMs } from './watches.ts';
import { listen } from './witnessed.ts';

export interface ConductOptions {
  readonly scenario: Scenario;
  readonly gamedayId: string;
  /** `check`: looks, injects nothing, writes nothing. */
  readonly mode: 'check' | 'run';
  readonly injectors: ReadonlyMap<string, Injector>;
  /** Kind of injector → the targets that a scenario may touch. */
  readonly permittedTargets: ReadonlyMap<string, readonly string[]>;
  /** Null: any. */
  readonly permittedEnvironments: readonly string[] | null;
  readonly witness: Witness;
  readonly clock: Clock;
  readonly random: () => number;
  readonly seed: number;
  /** `<gamedays dir>/<gamedayId>/journal.ndjson`; its folder exists. */
  readonly journalPath: string;
  readonly startGuardian: StartGuardian;
  readonly environment: string;
  readonly location: string;
  /** Recorded; a scenario's durations are real time. */
  readonly timeScale: number;
  /** The obligation that a pass would meet. */
  readonly obligation: string | null;
  /** Stops and undoes. Its reason, if it is an error, says why. */
  readonly signal: AbortSignal;
  /** Hears every entry once it is durable. */
  readonly onEntry?: (entry: JournalEntry) => void;
  /** Value of PATH, for watches that need a program. */
  readonly path?: string;
  readonly openWatch?: (spec: WatchSpec, environment: ProbeEnvironment) => Probe;
}

/**
 * Expected failure is an outcome. Rejects when the journal or the lock cannot be made at all; nothing was injected then.
 */
export async function conduct(options: ConductOptions): Promise<GamedayOutcome> {
  const { clock, mode, journalPath, gamedayId, onEntry } = options;
  const originMs = clock.monotonicMs();
  const sinceStartMs = (): number => clock.monotonicMs() - originMs;
  const journalOptions = { gameday: gamedayId, wallMs: () => clock.wallMs(), sinceStartMs, onEntry };
  if (mode === 'check') {
    await using journal = transientJournal(journalOptions);
    return await conductWith(options, journal, sinceStartMs);
  }
  const lock = await holdLock(dirname(journalPath));
  try {
    await using journal = await openJournal({ ...journalOptions, path: journalPath });
    return await conductWith(options, journal, sinceStartMs);
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

async function conductWith(
  options: ConductOptions,
  journal: Journal,
  sinceStartMs: () => number,
): Promise<GamedayOutcome> {
  const { scenario, witness, clock, signal, gamedayId, random, location, path = '' } = options;
  const over = new AbortController();
  const stop = new AbortController();
  const log = new EvidenceLog(clock);
  const watchIntervals = new Map(scenario.watch.map((spec) => [spec.id, watchIntervalMs(spec)]));
  const intervalMs = (probe: string): number | null => watchIntervals.get(probe) ?? witness.intervalMs(probe);
  const steadyState = new SteadyState({ scenario, log, journal, clock, sinceStartMs, intervalMs });
  const forward = (): void => stop.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener('abort', forward);

  const environment: ProbeEnvironment = { clock, random, path };
  const open = options.openWatch ?? openProbe;
  const background: Promise<void>[] = [];
  // Stopping is for what the exercise does; watching goes on until all is undone.
  const inBackground = (work: Promise<void>): void => {
    background.push(
      work.catch((error: unknown) => {
        stop.abort(error);
      }),
    );
  };
  let attended: Disposable | null = null;
  try {
    await journal.append(startedEntry(options));
    attended = witness.attend(scenario.component, gamedayId);
    inBackground(
      listen(witness, log, clock, sinceStartMs, over.signal).then(() => {
        if (!over.signal.aborted) throw new Error('the probes have stopped');
      }),
    );
    inBackground(
      runWatches({ scenario, gamedayId, location, log, sinceStartMs, environment, open, signal: over.signal }),
    );
    return await examineAndExercise(options, {
      journal,
      log,
      steadyState,
      sinceStartMs,
      intervalMs,
      stop,
      over,
      inBackground,
    });
  } finally {
    signal.removeEventListener('abort', forward);
    attended?.[Symbol.dispose]();
    over.abort();
    log.nudge();
    await Promise.all(background);
  }
}

interface Stage {
  readonly journal: Journal;
  readonly log: EvidenceLog;
  readonly steadyState: SteadyState;
  readonly sinceStartMs: () => number;
  readonly intervalMs: (probe: string) => number | null;
  readonly stop: AbortController;
  readonly over: AbortController;
  readonly inBackground: (work: Promise<void>) => void;
}

async function examineAndExercise(options: ConductOptions, stage: Stage): Promise<GamedayOutcome> {
  const { scenario, clock, mode, gamedayId } = options;
  const { journal, log, steadyState, sinceStartMs, stop, over, inBackground } = stage;
  let exercise: Exercise | null = null;
  await journal.append({ type: 'phase', phase: 'before' });
  inBackground(
    steadyState.watch(
      (what) => exercise?.impact(what),
      (why) => stop.abort(new Error(`abort condition: ${why}`)),
      over.signal,
    ),
  );
  const found: CheckResult[] = [];
  for await (const check of checks({ ...options, ...stage, signal: stop.signal })) {
    found.push(check);
    await journal.append({ type: 'check', ...check });
    if (stop.signal.aborted) break;
  }
  const base = { gamedayId, checks: found, ...NOTHING_MEASURED, notUndone: [] };
  const refuse = async (why: string): Promise<GamedayOutcome> => {
    const end = { verdict: 'refused', passed: false, detail: why } as const;
    await journal.append({ type: 'finished', ...end, ...NOTHING_MEASURED });
    return { ...base, ...end };
  };
  const objections = found.filter((check) => !check.ok);
  if (stop.signal.aborted) return refuse(messageOf(stop.signal.reason));
  if (objections.length > 0) return refuse(objections.map(({ name, detail }) => `${name}: ${detail}`).join('; '));
  if (mode === 'check') return { ...base, verdict: 'ready', passed: true, detail: 'nothing speaks against it' };

  const guardian = await startGuardian(options, stage);
  const guarded = {
    name: 'guardian',
    ok: !(guardian instanceof Error),
    detail: guardian instanceof Error ? guardian.message : `started, process ${guardian.pid}`,
  };
  found.push(guarded);
  await journal.append({ type: 'check', ...guarded });
  if (guardian instanceof Error) return refuse(`guardian: ${guardian.message}`);

  const lost = (): void => stop.abort(guardian.lost.reason);
  if (guardian.lost.aborted) lost();
  guardian.lost.addEventListener('abort', lost);
  inBackground(
    clock.sleep(scenario.timeboxMs - sinceStartMs(), over.signal).then(
      () => stop.abort(new Error(`the timebox of ${scenario.timeboxMs} ms ended`)),
      () => undefined,
    ),
  );
  const faults = new Faults({ injectors: options.injectors, journal, clock, mayInject: () => guardian.renew() });
  exercise = new Exercise({ scenario, faults, steadyState, journal, log, sinceStartMs });
  try {
    return await carryOut(exercise, faults, options, stage, found);
  } finally {
    guardian.lost.removeEventListener('abort', lost);
    await guardian.finish();
  }
}

async function startGuardian(options: ConductOptions, stage: Stage) {
  try {
    const { journalPath, gamedayId } = options;
    return await options.startGuardian({ journalPath, gameday: gamedayId, sinceStartMs: stage.sinceStartMs });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The steps, and whatever they come to: everything undone. */
async function carryOut(
  exercise: Exercise,
  faults: Faults,
  options: ConductOptions,
  { journal, stop }: Stage,
  found: readonly CheckResult[],
): Promise<GamedayOutcome> {
  const { scenario, gamedayId } = options;
  let why: string | null = null;
  try {
    await exercise.run(stop.signal);
    if (stop.signal.aborted) why = messageOf(stop.signal.reason);
  } catch (error) {
    why = stop.signal.aborted ? messageOf(stop.signal.reason) : messageOf(error);
  }
  const notUndone = await faults.undoAll();
  const findings = exercise.findings(faults.crossed);
  const judged =
    why === null && findings !== null
      ? judgeExercise(findings, scenario)
      : { ...exercise.measured(), verdict: 'aborted' as const, passed: false, detail: why ?? 'nothing was injected' };
  const end =
    notUndone.length === 0 ? judged : { ...judged, passed: false, detail: `${judged.detail}; ${leftText(notUndone)}` };
  // A full disk must not turn a result into a crash.
  await journal.append({ type: 'finished', ...end }).catch(() => undefined);
  return { gamedayId, checks: found, notUndone, ...end };
}

function leftText(notUndone: GamedayOutcome['notUndone']): string {
  return notUndone
    .map(({ fault, why, byHand }) => `${fault} is still there (${why}); undo it by hand: ${byHand}`)
    .join('; ');
}

const NOTHING_MEASURED = { detectedAfterMs: null, recoveredAfterMs: null, recoveredAfterLiftMs: null } as const;

function startedEntry(options: ConductOptions) {
  const { scenario, environment, location, timeScale, obligation, seed } = options;
  const { id, title, objective, component, timeboxMs, recoveryGoalMs } = scenario;
  return {
    type: 'started' as const,
    scenario: id,
    title,
    objective,
    component,
    environment,
    location,
    timeScale,
    timeboxMs,
    recoveryGoalMs,
    obligation,
    seed,
  };
}
