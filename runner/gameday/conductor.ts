/**
 * Conducts one game-day: looks before it breaks anything, writes the undo down before each injection, watches all the
 * while, and undoes everything whatever happens.
 */
import { dirname } from 'node:path';
import { openProbe } from '../../probes/open.ts';
import type { ProbeEnvironment } from '../../probes/kind.ts';
import type { JournalBody } from '../../scenarios/journal.ts';
import { messageOf } from './bounded.ts';
import { AlertWatch } from './alert-watch.ts';
import { Answers } from './answers.ts';
import { exerciseWith } from './carry-out.ts';
import { checks } from './check.ts';
import { createChronicle } from './chronicle.ts';
import { conditionsOf } from './conditions.ts';
import { maskedJournal } from './discretion.ts';
import { EvidenceLog } from './evidence-log.ts';
import type { Exercise } from './exercise.ts';
import type { Guardian } from './guard.ts';
import type { Journal } from './journal.ts';
import { openJournal, transientJournal } from './journal.ts';
import { holdLock } from './lock.ts';
import type { CheckResult, GamedayOutcome } from './outcome.ts';
import { heeder } from './heed.ts';
import { heedRequests } from './requests.ts';
import type { ConductOptions, Stage } from './stage.ts';
import { standingChecks, standingEveryMs, watchStanding } from './standing-watch.ts';
import { startedEntry } from './started.ts';
import { SteadyState } from './steady-state.ts';
import { claimOf, underWay } from './under-way.ts';
import { finish, heeded, ProberTrouble } from './prober-trouble.ts';
import { NOTHING_MEASURED } from './verdict.ts';
import { askWatch, runWatches, watchIntervalMs } from './watches.ts';
import { listen } from './witnessed.ts';

/**
 * Expected failure is an outcome. Rejects when the journal or the lock cannot be made, or begun, at all; nothing was
 * injected then.
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
  // Held before anybody looks for others: of two that start at once, each sees the other.
  const lock = await holdLock(dirname(journalPath), claimOf(options.scenario));
  try {
    await using journal = await openJournal({ ...journalOptions, path: journalPath });
    return await conductWith(options, journal, sinceStartMs);
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

async function conductWith(
  options: ConductOptions,
  kept: Journal,
  sinceStartMs: () => number,
): Promise<GamedayOutcome> {
  const { scenario, witness, clock, signal, gamedayId, random, location, path = '' } = options;
  const over = new AbortController();
  const stop = new AbortController();
  const journal = heeded(maskedJournal(kept, options.mask ?? ((text) => text)), (trouble) => stop.abort(trouble));
  const log = new EvidenceLog(clock);
  const intervals = new Map([
    ...scenario.watch.map((spec) => [spec.id, watchIntervalMs(spec)] as const),
    ...standingChecks(conditionsOf(scenario)).map((check) => [check.probe, standingEveryMs(check)] as const),
  ]);
  const intervalMs = (probe: string): number | null => intervals.get(probe) ?? witness.intervalMs(probe);
  const desk = options.desk ?? null;
  const alerts = new AlertWatch({ scenario, desk, clock, sinceStartMs, journal, log });
  const steadyState = new SteadyState({ scenario, log, journal, clock, sinceStartMs, intervalMs });
  const forward = (): void => stop.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener('abort', forward);

  const chronicle =
    options.chronicle === undefined || options.mode === 'check'
      ? null
      : createChronicle({ source: options.chronicle, component: scenario.component, journal, clock });
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
      listen(witness, log, clock, sinceStartMs, over.signal, (result) => chronicle?.hear(result)).then(() => {
        if (!over.signal.aborted) throw new ProberTrouble('the probes have stopped');
      }),
    );
    inBackground(
      witness.refusal(over.signal).then((refusal) => {
        // Without results in the ledger there is no evidence to go by, only a fault that stays.
        if (refusal !== null) throw new ProberTrouble(`results do not reach the ledger: ${refusal.message}`);
      }),
    );
    const watches = { scenario, gamedayId, location, log, sinceStartMs, environment, open, signal: over.signal };
    inBackground(runWatches(watches));
    inBackground(watchStanding({ scenario, desk, log, clock, sinceStartMs, signal: over.signal }));
    if (options.mode === 'run') inBackground(alerts.watch(over.signal));
    if (chronicle !== null) inBackground(chronicle.keep(over.signal));
    const ask: Stage['ask'] = (spec) => askWatch(spec, { ...watches, signal: stop.signal });
    return await examineAndExercise(options, {
      journal,
      log,
      steadyState,
      alerts,
      answers: new Answers(log),
      sinceStartMs,
      intervalMs,
      stop,
      over,
      inBackground,
      ask,
    });
  } finally {
    signal.removeEventListener('abort', forward);
    attended?.[Symbol.dispose]();
    over.abort();
    log.nudge();
    await Promise.all(background);
  }
}

async function examineAndExercise(options: ConductOptions, stage: Stage): Promise<GamedayOutcome> {
  const { scenario, mode, gamedayId } = options;
  const { journal, steadyState, stop, over, inBackground } = stage;
  let exercise: Exercise | null = null;
  // An entry that cannot be written has stopped the game-day already.
  const note = (body: JournalBody) => journal.append(body).catch(() => undefined);
  await note({ type: 'phase', phase: 'before' });
  inBackground(
    steadyState.watch(
      (what) => exercise?.impact(what),
      (why) => stop.abort(new Error(`abort condition: ${why}`)),
      over.signal,
    ),
  );
  if (mode === 'run') {
    const { answers, sinceStartMs } = stage;
    const heed = heeder({ stop, answers, sinceStartMs, exercise: () => exercise, note });
    inBackground(heedRequests(dirname(options.journalPath), options.clock, heed, over.signal));
  }
  const found: CheckResult[] = [];
  const folder = options.folder ?? dirname(dirname(options.journalPath));
  const others = () => underWay(folder, claimOf(scenario), gamedayId);
  for await (const check of checks({ ...options, ...stage, others, signal: stop.signal })) {
    // A check that was cut short has found nothing.
    if (stop.signal.aborted) break;
    found.push(check);
    await note({ type: 'check', ...check });
  }
  const end = async (verdict: 'refused' | 'aborted', detail: string): Promise<GamedayOutcome> => {
    const judged = { ...NOTHING_MEASURED, verdict, passed: false, detail };
    return { gamedayId, checks: found, notUndone: [], ...(await finish(judged, journal, stop.signal)) };
  };
  if (stop.signal.aborted) {
    return end('aborted', `stopped before anything was injected (${messageOf(stop.signal.reason)})`);
  }
  const objections = found.filter((check) => !check.ok);
  if (objections.length > 0) {
    return end('refused', objections.map(({ name, detail }) => `${name}: ${detail}`).join('; '));
  }
  if (mode === 'check') {
    const able = await tryGuardian(options, stage);
    found.push(able);
    await note({ type: 'check', ...able });
    if (!able.ok) return end('refused', `guardian: ${able.detail}`);
    const ready = { verdict: 'ready', passed: true, detail: 'nothing speaks against it' } as const;
    return { gamedayId, checks: found, ...NOTHING_MEASURED, notUndone: [], proberFailed: false, ...ready };
  }
  const guardian = await startGuardian(options, stage);
  const isThere = !(guardian instanceof Error);
  const detail = isThere ? `started, process ${guardian.pid}` : guardian.message;
  const guarded = { name: 'guardian', ok: isThere, detail };
  found.push(guarded);
  await note({ type: 'check', ...guarded });
  if (!isThere) return end('refused', `guardian: ${guardian.message}`);
  return exerciseWith(guardian, options, stage, {
    checks: found,
    begins: (begun) => {
      exercise = begun;
    },
  });
}

/** Started as for an exercise, and sent home: it has nothing to guard. */
async function tryGuardian(options: ConductOptions, stage: Stage): Promise<CheckResult> {
  const guardian = await startGuardian(options, stage);
  if (guardian instanceof Error) return { name: 'guardian', ok: false, detail: guardian.message };
  await guardian.finish();
  return { name: 'guardian', ok: true, detail: 'it starts, and has been sent home' };
}

async function startGuardian(options: ConductOptions, stage: Stage): Promise<Guardian | Error> {
  try {
    const { journalPath, gamedayId } = options;
    return await options.startGuardian({ journalPath, gameday: gamedayId, sinceStartMs: stage.sinceStartMs });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
